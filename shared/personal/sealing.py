"""Personal data in the database and in events: AES-256-GCM with versioned keys, and a keyed fingerprint for look-up (R43, R44)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from typing import Any, Final

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION: Final = "s1"
_KEY_BYTES: Final = 32
_LOCAL: Final = timezone(timedelta(hours=8))


class SealBroken(ValueError):
    """The text was sealed with an unknown key or for another place, or was altered."""


class Sealer:
    """Seals text so that it opens only with the district's key and only where it belongs.

    `context` names the place (for example "order:<id>:demand"); a sealed text moved elsewhere does not open.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        if not keys:
            raise ValueError("at least one key is needed")
        for name, key in keys.items():
            if len(key) != _KEY_BYTES or "." in name:
                raise ValueError(f"seal key {name!r}: 32 bytes and a name without a dot are needed")
        self._ciphers = {name: AESGCM(key) for name, key in keys.items()}
        self._current = next(iter(keys))
        oldest = list(keys.values())[-1]
        # Derived from the oldest key: look-ups must still work after a newer key was added.
        self._print_key = hmac.digest(oldest, b"gongdan fingerprint", "sha256")
        # BLAKE2b takes a key itself (RFC 7693); with HMAC and SHA-256 each of an order's ten prints takes four times as long.
        self._search_hash = hashlib.blake2b(key=hmac.digest(oldest, b"gongdan search", "sha256"), digest_size=8)

    @classmethod
    def parse(cls, spelling: str) -> Sealer:
        """From the setting: `id:base64(32 bytes)`, newest first, separated by commas."""
        keys: dict[str, bytes] = {}
        for part in spelling.split(","):
            name, _, key = part.strip().partition(":")
            keys[name] = base64.b64decode(key, validate=True)
        return cls(keys)

    def seal(self, text: str, context: str) -> str:
        """`s1.<key id>.<nonce and ciphertext, url-safe base64>`."""
        nonce = os.urandom(12)
        body = self._ciphers[self._current].encrypt(nonce, text.encode(), context.encode())
        return f"{_VERSION}.{self._current}.{base64.urlsafe_b64encode(nonce + body).decode()}"

    def open(self, sealed: str, context: str) -> str:
        """The text; SealBroken when it was sealed with an unknown key or for another place."""
        try:
            version, name, body = sealed.split(".")
            raw = base64.urlsafe_b64decode(body)
            if version != _VERSION:
                raise SealBroken("unknown version of seal")
            return self._ciphers[name].decrypt(raw[:12], raw[12:], context.encode()).decode()
        except (KeyError, ValueError, InvalidTag) as fault:
            if isinstance(fault, SealBroken):
                raise
            raise SealBroken("the sealed text does not open here") from fault

    def seal_if_any(self, text: str | None, context: str) -> str | None:
        """The text sealed, if there is one."""
        return None if text is None else self.seal(text, context)

    def open_if_any(self, sealed: str | None, context: str) -> str | None:
        """The text, if there is one."""
        return None if sealed is None else self.open(sealed, context)

    def seal_json(self, content: Any, context: str) -> str:
        """A JSON value, sealed; moments in it are written in local time, because people will read them."""
        written = orjson.dumps(content, default=_local, option=orjson.OPT_PASSTHROUGH_DATETIME)
        return self.seal(written.decode(), context)

    def open_json(self, sealed: str, context: str) -> Any:
        """The JSON value."""
        return orjson.loads(self.open(sealed, context))

    def fingerprint(self, text: str) -> str:
        """A keyed hash (hex, 64 characters) to match equal phones without storing them."""
        return hmac.digest(self._print_key, text.encode(), "sha256").hex()

    def search_print(self, kind: str, text: str) -> int:
        """A keyed hash of 64 bits (signed) by which equal texts of one kind are found; short, because many stand in an index."""
        keyed = self._search_hash.copy()
        keyed.update(f"{kind}:{text}".encode())
        return int.from_bytes(keyed.digest(), "big", signed=True)


def _local(value: Any) -> str:
    if isinstance(value, datetime):
        return value.astimezone(_LOCAL).isoformat()
    raise TypeError(type(value).__name__)
