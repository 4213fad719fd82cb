"""How much anybody may send; the gateway and the edge of a service read the same numbers."""

from __future__ import annotations

from typing import Final

MEBIBYTE: Final = 1024 * 1024
FILE_BYTES: Final = 20 * MEBIBYTE
MOST_FILES: Final = 20
BODY_BYTES: Final = MEBIBYTE
"""A body without files."""
DATA_BYTES: Final = BODY_BYTES
"""The JSON beside the files: as much as a body without files may have."""
REQUEST_BYTES: Final = 100 * MEBIBYTE + DATA_BYTES
"""All of it: twenty photos of a telephone, but not twenty files of the largest size."""
NAME_LENGTH: Final = 120
NAME_BYTES: Final = 240
"""Disks take 255 bytes at most, of which a browser needs some for its own marks (`.part`, `(1)`)."""
UPLOAD_SECONDS: Final = 300.0
"""How long a sender may take; a slow one keeps room that others wait for."""
UPLOADS_AT_ONCE: Final = 8
"""Per process: what is on its way lies in temporary files, REQUEST_BYTES each at most."""
