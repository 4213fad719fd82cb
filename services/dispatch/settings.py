"""What dispatch itself reads from the settings: the key that signs tokens, and how passwords are hashed."""

from __future__ import annotations

from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from shared.settings import Settings

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane; about 20 ms, and six logins at once cost 120 MB.
PASSWORDS: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class TokenKeyMissing(RuntimeError):
    """dispatch was started without the key that signs tokens."""


def token_key(settings: Settings) -> str:
    """The private key that signs tokens; TokenKeyMissing when this process has none."""
    if settings.token_private_key is None:
        raise TokenKeyMissing(
            "GONGDAN_TOKEN_PRIVATE_KEY is not set: dispatch signs the tokens and cannot start without it"
        )
    return settings.token_private_key.get_secret_value()
