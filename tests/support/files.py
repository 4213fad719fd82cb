"""Small files that a service takes."""

from __future__ import annotations

import io
from typing import Any, Final

import pikepdf
from PIL import Image


def picture(kind: str = "PNG", size: tuple[int, int] = (8, 8)) -> bytes:
    content = io.BytesIO()
    Image.new("RGB", size, "teal").save(content, kind)
    return content.getvalue()


def pdf(change: Any = None, **saved: Any) -> bytes:
    """A PDF of one page, changed before it is saved."""
    content = io.BytesIO()
    with pikepdf.new() as document:
        document.add_blank_page(page_size=(100, 100))
        if change is not None:
            change(document)
        document.save(content, **saved)
    return content.getvalue()


PDF: Final = pdf()
PNG: Final = picture()
