"""Pictures, decoded to the last pixel: what cannot be drawn here is no picture."""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import BinaryIO, Final

from PIL import Image

from shared.files.unfit import Unfit, mismatch, refuse_hidden_archive

MOST_PIXELS: Final = 80_000_000
_SMALL: Final = (1024, 1024)
_BROKEN: Final = (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error)
"""What the decoders raise for bytes that make no sense."""
# The library's own bound warns from one size on and refuses from twice that; ours is looked at below, at the same moment:
# the head is read, and no pixel is.
Image.MAX_IMAGE_PIXELS = None


def check_picture(kind: str) -> Callable[[BinaryIO], None]:
    """The check for JPEG, PNG or WEBP: no other decoder is tried, whatever the bytes look like."""

    def check(file: BinaryIO) -> None:
        refuse_hidden_archive(file)
        try:
            _decode(file, kind)
        except MemoryError as fault:
            raise _too_many_pixels() from fault
        except _BROKEN as fault:
            raise mismatch(kind) from fault

    return check


def _decode(file: BinaryIO, kind: str) -> None:
    with Image.open(file, formats=(kind,)) as picture:
        if picture.width * picture.height > MOST_PIXELS:
            raise _too_many_pixels()
        # A JPEG is decoded at an eighth of its size, where that is enough to see whether it can be.
        picture.draft(None, _SMALL)
        picture.load()
    file.seek(0)
    with Image.open(file, formats=(kind,)) as picture:
        picture.verify()  # of a PNG every checksum, and its end, which its pixels do not need


def _too_many_pixels() -> Unfit:
    return Unfit("too_many_pixels", f"图片超过 {MOST_PIXELS // 10_000} 万像素，请缩小尺寸后重新上传")
