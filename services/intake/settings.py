"""The secrets and addresses of the channels, from the one setting GONGDAN_CHANNEL_SECRETS."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import orjson
from pydantic import BaseModel, ConfigDict, Field, field_validator

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64


class BadChannelSecrets(ValueError):
    """The setting cannot be read; the message never shows a secret."""


def key_of(secret: str) -> bytes:
    """The key behind `whsec_<base64>`: 24 to 64 bytes (R34)."""
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error as fault:
        raise ValueError("a channel's secret is whsec_ and base64") from fault
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ValueError("a channel's secret is whsec_ and 24 to 64 bytes in base64")
    return key


class ChannelSecrets(BaseModel):
    """One channel: up to two valid secrets for its requests, one for our feedback, and the address of its feedback."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True, hide_input_in_errors=True)

    incoming: tuple[str, ...] = Field(alias="in", min_length=1, max_length=2)
    outgoing: str | None = Field(default=None, alias="out")
    url: str | None = None

    @field_validator("incoming")
    @classmethod
    def _keys(cls, secrets: tuple[str, ...]) -> tuple[str, ...]:
        for secret in secrets:
            key_of(secret)
        return secrets

    @field_validator("outgoing")
    @classmethod
    def _key(cls, secret: str | None) -> str | None:
        if secret is not None:
            key_of(secret)
        return secret

    @field_validator("url")
    @classmethod
    def _address(cls, url: str | None) -> str | None:
        if url is not None and (urlsplit(url).scheme not in {"http", "https"} or not urlsplit(url).hostname):
            raise ValueError("a feedback address starts with http:// or https://")
        return url

    @property
    def keys(self) -> tuple[bytes, ...]:
        """The keys that incoming signatures may be made with, newest first."""
        return tuple(key_of(secret) for secret in self.incoming)


@dataclass(frozen=True, slots=True)
class SecretsByChannel:
    """The secrets of all channels that have some, by channel code."""

    by_channel: Mapping[str, ChannelSecrets]

    def of(self, channel: str) -> ChannelSecrets | None:
        """The channel's secrets; None when it has none."""
        return self.by_channel.get(channel)

    def keys(self) -> Mapping[str, tuple[bytes, ...]]:
        """The keys of the incoming signatures, decoded, by channel code."""
        return {channel: secrets.keys for channel, secrets in self.by_channel.items()}


def channel_secrets(spelling: str, known: frozenset[str]) -> SecretsByChannel:
    """The setting, read; BadChannelSecrets when it is not JSON, names an unknown channel, or a secret is too short."""
    try:
        read = {code: ChannelSecrets.model_validate(value) for code, value in orjson.loads(spelling).items()}
    except (ValueError, TypeError, AttributeError) as fault:
        raise BadChannelSecrets(f"GONGDAN_CHANNEL_SECRETS: {fault}") from fault
    if unknown := sorted(set(read) - known):
        raise BadChannelSecrets(f"GONGDAN_CHANNEL_SECRETS names unknown channels: {', '.join(unknown)}")
    return SecretsByChannel(read)
