"""A whole platform on a machine where nothing was prepared: PostgreSQL from its wheel, keys drawn once, ports that are free.

Everything it keeps lies in one folder (var/ of the checkout, or GONGDAN_VAR), so that several checkouts stand side by
side.  Whatever GONGDAN_ variable is set takes the place of the embedded part.
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
from shared.run.postgres import PostgresServer, create_database
from shared.run.process import PortTaken, listen
from shared.run.starting import telling
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
    """What the embedded start prepared."""

    settings: Settings
    secrets: Mapping[str, Any]
    sock: socket.socket
    upstream_sock: socket.socket
    folder: Path
    server: PostgresServer | None = None
    """The database; None where others have one for us."""


def _webhook_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()


def drawn_secrets() -> dict[str, Any]:
    """New secrets of every kind that the platform needs."""
    private = Ed25519PrivateKey.generate()
    return {
        "token_private_key": base64.b64encode(private.private_bytes_raw()).decode(),
        "token_public_key": base64.b64encode(private.public_key().public_bytes_raw()).decode(),
        "seal_keys": "k1:" + base64.b64encode(secrets.token_bytes(32)).decode(),
        "admin_password": secrets.token_urlsafe(12),
        "staff_password": secrets.token_urlsafe(9),
        "channels": {code: {"in": _webhook_secret(), "out": _webhook_secret()} for code in CHANNELS},
    }


def secrets_of(folder: Path) -> dict[str, Any]:
    """The secrets of this folder, drawn at the first start and kept readable for their owner alone."""
    path = folder / "secrets.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(f".{os.getpid()}.new")
        with os.fdopen(os.open(draft, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            json.dump(drawn_secrets(), file, indent=1)
        draft.rename(path)
    kept: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
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
    """A listening socket on `start` or the next port that nobody has."""
    for port in range(start, start + _PORTS_TRIED):
        try:
            return listen(host, port)
        except PortTaken:
            continue
    return listen(host, 0)


def _listening(host: str) -> socket.socket:
    asked = os.environ.get("GONGDAN_PORT")
    return first_free(host) if asked is None else listen(host, port_of(asked))


async def _databases(server: PostgresServer) -> None:
    for name in (*SERVICES, "bus"):
        await create_database(server.url(), f"gongdan_{name}")


@contextmanager
def embedded(folder: Path) -> Iterator[Embedded]:
    """Start what is missing, give the settings, and stop it again at the end."""
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
        "admin_password": SecretStr(kept["admin_password"]),
        "channel_secrets": SecretStr(channel_secrets(kept, upstream)),
        "files_url": files_url(folder),
        "drain_seconds": 0.0,
        "log_level": "WARNING",
        "host": host,
        "port": sock.getsockname()[1],
    }
    if os.environ.get("GONGDAN_CLOCK") == "simulated":
        os.environ["GONGDAN_CLOCK"] = f"simulated:{folder / 'clock.json'}"
    server: PostgresServer | None = None
    try:
        if "GONGDAN_DATABASE_URL" not in os.environ or "GONGDAN_BUS_URL" not in os.environ:
            with telling(folder):
                server = PostgresServer.start(folder / "postgres")
            asyncio.run(_databases(server))
            values["database_url"] = server.url("gongdan_SERVICE").replace("SERVICE", "{service}")
            values["bus_url"] = server.url("gongdan_bus")
        given = {name for name in values if f"GONGDAN_{name.upper()}" in os.environ}
        settings = settings_from(**{name: value for name, value in values.items() if name not in given})
        clock_of(settings.clock)
        yield Embedded(settings, kept, sock, upstream_sock, folder, server)
    finally:
        if server is not None:
            server.stop()
        sock.close()
        upstream_sock.close()
