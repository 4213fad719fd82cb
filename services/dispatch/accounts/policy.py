"""How long a password is; the circular does not say."""

from __future__ import annotations

from typing import Final

PASSWORD_LENGTH: Final = 8
