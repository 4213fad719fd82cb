"""Names of files: what makes one unsafe, and a safe one in its place.  The only place that knows.

Who uploads a file is asked for another name (`check_name` of kinds); what a platform lists, and every download, gets a
safe name, because nobody can be asked there.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from shared.files.limits import NAME_BYTES

_INVISIBLE: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Control characters, marks that turn the direction of writing, and what no font shows."""
_SEPARATORS: Final = re.compile(r"[/\\]")
_REFUSED_BY_WINDOWS: Final = re.compile(r'[<>:"|?*]')
_DEVICE: Final = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]) *", re.IGNORECASE)
"""Windows takes them for devices, with any extension."""
_EXTENSION_BYTES: Final = 16
NAMELESS: Final = "附件"
"""What a file is called when nothing of its name may stay."""


def has_invisible(name: str) -> bool:
    """Whether it holds characters that nobody sees."""
    return any(unicodedata.category(character) in _INVISIBLE for character in name)


def has_path(name: str) -> bool:
    """Whether it is more than the name: a separator of either kind of system."""
    return _SEPARATORS.search(name) is not None


def has_edge(name: str) -> bool:
    """Whether it begins or ends with a dot or a blank: a hidden file, or a name that Windows shortens."""
    return name != _trimmed(name)


def is_device(name: str) -> bool:
    """Whether Windows reads it as a device, such as CON or com1.png."""
    return _DEVICE.fullmatch(name.partition(".")[0]) is not None


def is_too_long(name: str) -> bool:
    """Whether a disk refuses it: it counts bytes, of which a Chinese character has three."""
    return len(name.encode("utf-8", "surrogatepass")) > NAME_BYTES


def safe_name(name: str) -> str:
    """The name as every system may store it: what stands behind the last separator, without what is unsafe.

    A safe name is returned as it is, in its composed form; `附件` when nothing is left.
    """
    name = "".join(character for character in name if unicodedata.category(character) not in _INVISIBLE)
    name = _SEPARATORS.split(unicodedata.normalize("NFC", name))[-1]
    name = _REFUSED_BY_WINDOWS.sub("_", name)
    name = _trimmed(name) or NAMELESS
    if is_device(name):
        name = f"_{name}"
    return _shortened(name) if is_too_long(name) else name


def _trimmed(name: str) -> str:
    """Without dots and blanks of any kind at its ends."""
    while (shorter := name.strip().strip(".")) != name:
        name = shorter
    return name


def _shortened(name: str) -> str:
    """As many whole characters as there is room for, before the extension, which stays if it is one."""
    stem, dot, extension = name.rpartition(".")
    ending = dot + extension if stem and len(extension.encode()) <= _EXTENSION_BYTES else ""
    room = NAME_BYTES - len(ending.encode())
    kept = name.removesuffix(ending).encode()[:room].decode("utf-8", "ignore")
    return _trimmed(kept) + ending
