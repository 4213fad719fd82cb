"""The whole platform on a machine without any preparation: PostgreSQL from its wheel, new keys, free ports.

All its data is in one folder (var/ of the checkout, or GONGDAN_VAR), so that several checkouts can run side by side.
A GONGDAN_ variable that is set replaces the embedded part.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import secrets
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from pydantic import SecretStr

from shared.clock import clock_of
from shared.db.logins import OWNER, close_to_others, create_logins
from shared.run.postgres import PostgresServer
from shared.run.process import PortTaken, listen
from shared.run.starting import FolderOfAnotherState, telling
from shared.settings import SERVICES, Settings, port_of, settings_from

FIRST_PORT: Final = 8012
_PORTS_TRIED: Final = 40
CHANNELS: Final = (
    "national_inspection",
    "national_portal",
    "national_message",
    "province_12345",
    "city_12345",
    "city_enterprise",
    "province_enterprise",
)


@dataclass(frozen=True, slots=True)
class Embedded:
    """What was prepared for the embedded platform."""

    settings: Settings
    secrets: Mapping[str, Any]
    sock: socket.socket
    upstream_sock: socket.socket
    folder: Path
    server: PostgresServer | None = None
    """The embedded database; None when the settings name another."""


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def drawn_secrets() -> dict[str, Any]:
    """A new secret of every kind that the platform needs."""
    private = Ed25519PrivateKey.generate()
    return {
        "token_private_key": base64.b64encode(private.private_bytes_raw()).decode(),
        "token_public_key": base64.b64encode(private.public_key().public_bytes_raw()).decode(),
        "seal_keys": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "owner_password": secrets.token_urlsafe(18),
        "centre_password": secrets.token_urlsafe(18),
        "unit_password": secrets.token_urlsafe(18),
        "admin_password": secrets.token_urlsafe(12),
        "staff_password": secrets.token_urlsafe(9),
        "channels": {code: {"in": _webhook_secret(), "out": _webhook_secret()} for code in CHANNELS},
    }


def secrets_of(folder: Path) -> dict[str, Any]:
    """The secrets of this folder, drawn at the first start; only their owner can read the file."""
    path = folder / "secrets.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.new")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(drawn_secrets(), file, indent=1)
        draft.rename(path)
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    # Until the first release nothing is carried over: the databases beside it are those of another state, too.
    if not kept.keys() >= drawn_secrets().keys():
        raise FolderOfAnotherState(folder)
    return kept


def channel_secrets(kept: Mapping[str, Any], upstream: str) -> str:
    """The setting GONGDAN_CHANNEL_SECRETS for the simulated upstream at this address."""
    return json.dumps(
        {
            code: {"in": [pair["in"]], "out": pair["out"], "url": f"{upstream}/{code}/feedback"}
            for code, pair in kept["channels"].items()
        }
    )


def files_url(folder: Path) -> str:
    """The setting GONGDAN_FILES_URL for files beside the other data."""
    return f"{folder.resolve().as_uri()}/files/{{service}}"


def first_free(host: str, start: int = FIRST_PORT) -> socket.socket:
    """A listening socket on `start` or the next free port."""
    for port in range(start, start + _PORTS_TRIED):
        try:
            return listen(host, port)
        except PortTaken:
            continue
    return listen(host, 0)


def _listening(host: str) -> socket.socket:
    asked = os.environ.get("GONGDAN_PORT")
    return first_free(host) if asked is None else listen(host, port_of(asked))


async def prepare_databases(server: PostgresServer, kept: Mapping[str, Any]) -> None:
    """The database of each service and of the bus, and the logins for them; what is there stays."""
    passwords = {name: kept[f"{name}_password"] for name in ("owner", "centre", "unit")}
    await create_logins(server.url(), SERVICES, **passwords)
    for name in (*SERVICES, "bus"):
        await server.create_database(f"gongdan_{name}", owner=OWNER)
    for name in SERVICES:
        await close_to_others(server.url(), f"gongdan_{name}", name)


def owner_url(server: PostgresServer, kept: Mapping[str, Any], database: str) -> str:
    """The address of a database for its owner, who is no superuser."""
    return server.url_of(OWNER, kept["owner_password"], f"gongdan_{database}")


@contextmanager
def embedded(folder: Path, *, clock: str | None = None) -> Iterator[Embedded]:
    """Start what the settings do not name, yield it, and stop it at the end; `clock` is as GONGDAN_CLOCK names it."""
    with telling(folder):
        kept = secrets_of(folder)
    host = os.environ.get("GONGDAN_HOST", "127.0.0.1")
    sock = _listening(host)
    upstream_sock = listen("127.0.0.1", 0)
    upstream = f"http://127.0.0.1:{upstream_sock.getsockname()[1]}"
    values: dict[str, Any] = {
        "token_private_key": SecretStr(kept["token_private_key"]),
        "token_public_key": SecretStr(kept["token_public_key"]),
        "seal_keys": SecretStr(kept["seal_keys"]),
        "centre_password": SecretStr(kept["centre_password"]),
        "unit_password": SecretStr(kept["unit_password"]),
        "admin_password": SecretStr(kept["admin_password"]),
        "channel_secrets": SecretStr(channel_secrets(kept, upstream)),
        "files_url": files_url(folder),
        "drain_seconds": 0.0,
        "log_level": "WARNING",
        "host": host,
        "port": sock.getsockname()[1],
    }
    if clock is not None:
        values["clock"] = clock
    if os.environ.get("GONGDAN_CLOCK") == "simulated":
        os.environ["GONGDAN_CLOCK"] = f"simulated:{folder / 'clock.json'}"
    server: PostgresServer | None = None
    try:
        if "GONGDAN_DATABASE_URL" not in os.environ or "GONGDAN_BUS_URL" not in os.environ:
            with telling(folder):
                server = PostgresServer.start(folder / "postgres")
            asyncio.run(prepare_databases(server, kept))
            values["database_url"] = owner_url(server, kept, "{service}")
            values["bus_url"] = owner_url(server, kept, "bus")
        given = {name for name in values if f"GONGDAN_{name.upper()}" in os.environ}
        settings = settings_from(**{name: value for name, value in values.items() if name not in given})
        clock_of(settings.clock)
        yield Embedded(settings, kept, sock, upstream_sock, folder, server)
    finally:
        if server is not None:
            server.stop()
        sock.close()
        upstream_sock.close()
