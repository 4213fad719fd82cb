"""What dispatch itself reads from the settings: the key that signs tokens, and how passwords are hashed."""

from __future__ import annotations

from typing import Final

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from shared.settings import BadSetting, Settings

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane; about 20 ms, and six logins at once cost 120 MB.
PASSWORDS: Final = PasswordHash((Argon2Hasher(time_cost=2, memory_cost=19_456, parallelism=1),))


class TokenKeyMissing(BadSetting):
    """dispatch was started without the key that signs tokens."""


def token_key(settings: Settings) -> str:
    """The private key that signs tokens; TokenKeyMissing when this process has none."""
    if settings.token_private_key is None:
        raise TokenKeyMissing("GONGDAN_TOKEN_PRIVATE_KEY 没有设置：登录令牌由 dispatch 签发，没有它不能启动")
    return settings.token_private_key.get_secret_value()
