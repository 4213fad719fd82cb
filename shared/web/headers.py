"""The headers that every answer has."""

from __future__ import annotations

from typing import Final

from shared.calendar import SHANGHAI
from shared.clock import Clock, is_catching_up

SECURITY_HEADERS: Final = (
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
)
_CATCHING_UP: Final = (b"gongdan-catching-up", b"true")


def headers_of_now(clock: Clock) -> tuple[tuple[bytes, bytes], ...]:
    """The platform's now, RFC 3339 with milliseconds in the district's time; and whether it lives through a history.

    The second header stands only there, so that the portal can say why its time runs (docs/decisions/0021).
    """
    now = clock.now().astimezone(SHANGHAI).isoformat(timespec="milliseconds")
    told = (b"gongdan-now", now.encode())
    return (told, _CATCHING_UP) if is_catching_up(clock) else (told,)
