"""When a session ends, and what a browser calls itself."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

from services.dispatch.sessions.model import EndedBy
from services.dispatch.sessions.policy import IDLE_LIMIT, LONGEST

# The first that fits: a browser names those that it wants to be taken for, too.
_BROWSERS: Final = (
    ("奇安信浏览器", r"qaxbrowser/(\d+)"),
    ("360 浏览器", r"(?:qihu|360[se]e)\b[^)]*?(?:/(\d+))?"),
    ("统信浏览器", r"uosbrowser/(\d+)|\buos\b.*browser/(\d+)"),
    ("Edge", r"edg(?:e|a|ios)?/(\d+)"),
    ("Firefox", r"(?:firefox|fxios)/(\d+)"),
    ("Chrome", r"(?:chrome|chromium|crios)/(\d+)"),
    ("Safari", r"version/(\d+)[\d.]* (?:mobile/\w+ )?safari/"),
)
_SYSTEMS: Final = (
    ("Windows", "windows"),
    ("Android", "android"),
    ("iOS", "iphone|ipad"),
    ("macOS", "mac os x|macintosh"),
    ("统信 UOS", r"\buos\b"),
    ("麒麟", "kylin"),
    ("Linux", "linux|x11"),
)
_READ: Final = 500
UNKNOWN: Final = "未知浏览器"


def ends_at(began_at: datetime) -> datetime:
    """When the session ends at the latest."""
    return began_at + LONGEST


def idle_ends_at(began_at: datetime, used_at: datetime) -> datetime:
    """When it ends if it is not used again."""
    return min(used_at + IDLE_LIMIT, ends_at(began_at))


def end_of(began_at: datetime, used_at: datetime, ended_by: EndedBy | None, *, now: datetime) -> EndedBy | None:
    """Why the session is over; None while it is open.  The last moment of a session is over already."""
    if ended_by is not None:
        return ended_by
    if now >= ends_at(began_at):
        return EndedBy.LENGTH
    return EndedBy.IDLENESS if now >= idle_ends_at(began_at, used_at) else None


def browser_of(user_agent: str) -> str:
    """A browser by its name, version and system, as whoever used it would know it again: `Chrome 109（Windows）`.

    Only words of this file and one number: what a client says about itself is not shown to anybody.
    """
    said = user_agent[:_READ].lower()
    system = next((name for name, pattern in _SYSTEMS if re.search(pattern, said)), None)
    for name, pattern in _BROWSERS:
        found = re.search(pattern, said)
        if found is not None:
            version = next((part[:4] for part in found.groups() if part), "")
            return f"{name} {version}".rstrip() + (f"（{system}）" if system else "")
    return f"{UNKNOWN}（{system}）" if system else UNKNOWN
