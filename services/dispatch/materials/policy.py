"""How large the files of one request may be; the circular does not say."""

from __future__ import annotations

from typing import Final

MATERIAL_BYTES: Final = 700 * 1024  # base64 of it fits the 1 MB that a request may have
