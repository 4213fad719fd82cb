"""Which files a unit may attach."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from services.dispatch.materials.errors import MaterialsTooLarge, MaterialUnfit
from services.dispatch.materials.model import Material
from services.dispatch.materials.policy import MATERIAL_BYTES

_KINDS: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
)


def material_of(name: str, sha256: str, content: bytes) -> Material:
    """The file with its kind, read from its first bytes; MaterialUnfit when it is another kind or was altered."""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise MaterialUnfit(name, "sha256")
    kind = next((media_type for magic, media_type in _KINDS if content.startswith(magic)), None)
    if kind is None:
        raise MaterialUnfit(name, "kind")
    return Material(name, kind, sha256, content)


def check_size(materials: Sequence[Material]) -> None:
    """Refuse files that are too large together."""
    if sum(len(material.content) for material in materials) > MATERIAL_BYTES:
        raise MaterialsTooLarge(MATERIAL_BYTES)
