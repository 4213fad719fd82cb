"""What a service reads from its environment; every variable starts with GONGDAN_ and is named once, here.

What the programs around the services read beside it, README.md names.

A secret never has a default: the embedded start draws its own and keeps them under var/ (see shared.run).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cached_property
from ipaddress import ip_network
from typing import Any, Final, Literal
from urllib.parse import quote

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

ServiceName = Literal["intake", "dispatch", "sla", "review", "analytics"]
_LAST_PORT: Final = 65535
SERVICES: tuple[ServiceName, ...] = ("intake", "dispatch", "sla", "review", "analytics")


# pydantic's words for what the fields below can get wrong.
_WRONG: Final[Mapping[str, str]] = {
    "missing": "没有设置",
    "int_parsing": "应为整数",
    "float_parsing": "应为数字",
    "greater_than": "应大于 {gt:g}",
    "greater_than_equal": "不能小于 {ge:g}",
    "less_than_equal": "不能大于 {le:g}",
}
_OURS: Final = frozenset({"addresses", "file_store", "public_address", "scanner"})
"""Faults of our own checks, which bring their words with them."""


class BadSetting(ValueError):
    """A variable of the environment that cannot be read, in words that name it."""


def port_of(spelling: str) -> int:
    """A port from GONGDAN_PORT; BadSetting when it is none."""
    if not spelling.isdigit() or int(spelling) > _LAST_PORT:
        raise BadSetting(f"GONGDAN_PORT 应为 0 到 {_LAST_PORT} 之间的整数，现为“{spelling}”")
    return int(spelling)


class Settings(BaseSettings):
    """The settings of one process, whatever number of services it runs."""

    model_config = SettingsConfigDict(env_prefix="GONGDAN_", extra="ignore", frozen=True)

    database_url: str = Field(
        description="PostgreSQL address of a service's database with the login that owns and migrates it; `{service}` "
        "stands for its name, e.g. postgresql://gongdan_owner:secret@db:5432/gongdan_{service}"
    )
    centre_password: SecretStr = Field(
        description="password of the login gongdan_<service>_centre: requests of the centre, and all that runs by itself"
    )
    unit_password: SecretStr = Field(
        description="password of the login gongdan_<service>_unit: requests of units, which see their own orders only"
    )
    bus_url: str = Field(description="kafka://host:port[,host:port] or the postgresql:// address of the bus's database")
    kafka_replication: int = Field(default=1, ge=1, description="copies of each topic; 3 in production")
    token_public_key: SecretStr = Field(description="Ed25519 public key (base64, 32 bytes) that checks bearer tokens")
    token_private_key: SecretStr | None = Field(
        default=None, description="Ed25519 private key (base64, 32 bytes) that signs them; only dispatch needs it"
    )
    seal_keys: SecretStr = Field(
        description="keys for personal data, newest first: `id:base64(32 bytes)[,id:base64...]`"
    )
    channel_secrets: SecretStr = Field(
        default=SecretStr("{}"),
        description='JSON: channel code -> {"in": [webhook secrets, newest first], "out": secret, "url": feedback address};'
        " only intake needs it",
    )
    files_url: str | None = Field(
        default=None,
        description="where files lie: file:///folder or s3://bucket/prefix, `{service}` for the service's name; only what "
        "takes files needs it. A bucket's address, region and keys are read from AWS_ENDPOINT_URL, AWS_REGION, "
        "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY",
    )
    scanner_url: str | None = Field(
        default=None, description="virus scanner for files, clamd://host:port; none by default"
    )
    clock: str = Field(default="real", description="`real` or `simulated:<file>`")
    host: str = Field(default="127.0.0.1", description="address that HTTP listens on")
    port: int = Field(default=8000, ge=0, le=65535, description="port that HTTP listens on; 0 draws a free one")
    public_url: str | None = Field(
        default=None,
        description="address under which browsers reach the platform, e.g. https://12345.example.gov.cn: with https its "
        "cookies are marked Secure, and changes that come by cookie must come from its pages; unset: plain HTTP, and from "
        "pages of the host that was asked",
    )
    gateways: str = Field(
        default="127.0.0.1",
        description="addresses or networks of the gateway, comma-separated: whoever asks from there is believed when he "
        "says for whom (X-Forwarded-For), and nobody else",
    )
    pool_size: int = Field(default=8, ge=2, le=64, description="database connections per service and process")
    workers_poll_seconds: float = Field(
        default=1.0, gt=0, description="the net below every wake-up: how often loops look anyway"
    )
    watchdog_seconds: float = Field(
        default=60.0, gt=0, description="a consumer with lag and no progress for so long ends the process"
    )
    drain_seconds: float = Field(
        default=5.0, ge=0, description="pause between not-ready and closing, for balancers to notice"
    )
    log_level: str = Field(default="INFO")
    admin_password: SecretStr | None = Field(
        default=None, description="first password of the account `admin`, set when dispatch starts on an empty database"
    )

    @field_validator("gateways")
    @classmethod
    def _are_addresses(cls, spelling: str) -> str:
        # uvicorn would take any word, and "*" for everybody.
        try:
            for part in filter(None, spelling.split(",")):
                ip_network(part.strip())
        except ValueError as fault:
            raise PydanticCustomError("addresses", "应为 IP 地址或网段，多个以逗号分隔") from fault
        return spelling

    @field_validator("public_url")
    @classmethod
    def _is_public_address(cls, spelling: str | None) -> str | None:
        if spelling is not None and not re.fullmatch(
            r"https?://([A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(:[0-9]{1,5})?/?", spelling
        ):
            raise PydanticCustomError("public_address", "应为 http(s)://主机名 或 http(s)://主机名:端口，不含路径")
        return spelling

    @field_validator("files_url")
    @classmethod
    def _is_file_store(cls, spelling: str | None) -> str | None:
        if spelling is not None and not re.fullmatch(r"file:///.+|s3://[^/]+.*|memory:///", spelling):
            raise PydanticCustomError("file_store", "应为 file:///文件夹 或 s3://桶名/前缀")
        return spelling

    @field_validator("scanner_url")
    @classmethod
    def _is_scanner(cls, spelling: str | None) -> str | None:
        found = None if spelling is None else re.fullmatch(r"clamd://[A-Za-z0-9._-]+:(\d{1,5})", spelling)
        if spelling is not None and (found is None or not 0 < int(found[1]) <= _LAST_PORT):
            raise PydanticCustomError("scanner", "应为 clamd://主机:端口")
        return spelling

    @cached_property
    def public_origin(self) -> str | None:
        """The origin of the platform's pages as browsers write it: lower case, without a default port; None when not set."""
        if self.public_url is None:
            return None
        scheme, _, host = self.public_url.rstrip("/").lower().partition("://")
        return f"{scheme}://{host.removesuffix(':443' if scheme == 'https' else ':80')}"

    @property
    def is_https(self) -> bool:
        """Whether browsers reach the platform by https only; cookies are marked Secure then."""
        return self.public_origin is not None and self.public_origin.startswith("https:")

    @cached_property
    def bus_is_kafka(self) -> bool:
        """Whether the event bus is Apache Kafka."""
        return self.bus_url.startswith("kafka://")

    def database_of(self, service: str) -> str:
        """The address of a service's database for its owner, who migrates it."""
        return self.database_url.replace("{service}", service)

    def centre_database_of(self, service: str) -> str:
        """The same for the service's work for the centre, and for all that runs by itself."""
        return self._as_login(service, "centre", self.centre_password)

    def unit_database_of(self, service: str) -> str:
        """The same for the requests of units."""
        return self._as_login(service, "unit", self.unit_password)

    def _as_login(self, service: str, group: str, password: SecretStr) -> str:
        scheme, _, rest = self.database_of(service).partition("://")
        place = rest.rpartition("@")[2]
        return f"{scheme}://gongdan_{service}_{group}:{quote(password.get_secret_value(), safe='')}@{place}"

    def files_of(self, service: str) -> str | None:
        """The address of a service's file store."""
        return None if self.files_url is None else self.files_url.replace("{service}", service)


def settings_from(**values: Any) -> Settings:
    """The settings from these values and the environment; BadSetting names every variable that is missing or wrong."""
    try:
        return Settings(**values)
    except ValidationError as fault:
        # Never the value: it may be a secret.
        wrong = [
            f"GONGDAN_{str(error['loc'][0]).upper()} {_in_words(error['type'], error['msg'], error.get('ctx', {}))}"
            for error in fault.errors(include_input=False)
        ]
        raise BadSetting("\n  ".join(["以下设置有误，请更正：", *wrong])) from None


def _in_words(kind: str, said: str, bounds: Mapping[str, Any]) -> str:
    """What is wrong with a variable."""
    if kind in _OURS:
        return said
    return _WRONG.get(kind, "的值无法识别").format_map(bounds)
