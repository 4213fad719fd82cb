"""Intake over HTTP compared with pgbench and with the same endpoint with an ORM session per request, in turns.

    python -m bench.intake

32 connections, one worker, a durable PostgreSQL (fsync and synchronous_commit on) for all three.
"""

from __future__ import annotations

import asyncio
import json
import pickle
import random
import re
import sys
from pathlib import Path
from typing import Any, Final

import asyncpg
import orjson
import uvloop

from bench import upstream
from bench.report import Table, cpu_seconds, median, spread
from bench.stand import ROOT, Child, databases, keys, postgres, scratch
from deploy.cluster import environment_of
from shared.run.embedded import files_url
from shared.run.postgres import PostgresServer
from shared.run.process import free_port
from shared.telemetry import configure_logs

ROUNDS: Final = 5
SECONDS: Final = 4.0
CONNECTIONS: Final = 32
_ENOUGH: Final = {"ours": 30_000, "orm": 4_000}

_PEER_TABLES: Final = """
create table peer_order (id bigint generated always as identity primary key, source text not null,
  source_no text not null, body jsonb not null, received_at timestamptz not null default now(),
  unique (source, source_no));
create table peer_outbox (id bigint generated always as identity primary key, key text not null, payload bytea not null,
  created_at timestamptz not null default now(), published_at timestamptz);
create index peer_outbox_waiting on peer_outbox (id) where published_at is null;
"""


def pgbench_script(body: dict[str, Any], event_bytes: int) -> str:
    """The two inserts of one transaction, with rows of the same size as ours."""
    text = orjson.dumps(body).decode().replace("'", "''")
    return (
        "\\set n random(1, 1000000000000000)\nBEGIN;\n"
        f"INSERT INTO peer_order (source, source_no, body) VALUES ('city_12345', :n::text, {_quoted(text)});\n"
        f"INSERT INTO peer_outbox (key, payload) VALUES (:n::text, '\\x{'ab' * event_bytes}');\nCOMMIT;\n"
    )


def _quoted(text: str) -> str:
    # pgbench reads `:name` anywhere as a variable: the colons of the JSON must not look like one.
    return "'" + re.sub(r":(?=[A-Za-z_0-9])", ": ", text) + "'"


async def run(*command: str, log: Path, environment: dict[str, str] | None = None) -> str:
    """The output of a program; RuntimeError with its log when it fails."""
    with log.open("ab") as errors:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=ROOT, env=environment, stdout=asyncio.subprocess.PIPE, stderr=errors
        )
        output, _ = await process.communicate()
    if process.returncode:
        raise RuntimeError(f"{command[0]} failed; its log is {log}:\n{output.decode()[-2000:]}")
    return output.decode()


class Bench:
    """The three writers on one server."""

    def __init__(self, folder: Path, server: PostgresServer) -> None:
        self._folder, self._server = folder, server
        self._rng, self._serial = random.Random(5), 0
        self._secrets = keys()

    async def start(self) -> None:
        await databases(self._server, "gongdan_intake", "gongdan_bus", "gongdan_peer")
        peer = await asyncpg.connect(self._server.url("gongdan_peer"))
        await peer.execute(_PEER_TABLES)
        await peer.close()
        self.ports = {"ours": free_port(), "orm": free_port()}
        secret = self._secrets["channels"][upstream.CHANNEL]["in"]
        variables = environment_of(
            "intake", self.ports["ours"], bus_url=self._server.url("gongdan_bus"), secrets=self._secrets,
            database_url=self._server.url("gongdan_SERVICE").replace("SERVICE", "{service}"),
            upstream="http://127.0.0.1:9", clock="real", files_url=files_url(self._folder),
        )  # fmt: skip
        self.servers = {
            "ours": Child("services.intake", variables | {"GONGDAN_LOG_LEVEL": "WARNING"}, self._folder / "ours.log"),
            "orm": Child(
                "bench.orm_endpoint",
                {"BENCH_DATABASE_URL": self._server.url("gongdan_peer"), "BENCH_SECRET": secret,
                 "BENCH_PORT": str(self.ports["orm"])},
                self._folder / "orm.log",
            ),
        }  # fmt: skip
        for name, child in self.servers.items():
            await child.start()
            await child.ready(f"http://127.0.0.1:{self.ports[name]}")

    async def stop(self) -> None:
        for child in self.servers.values():
            await child.stop()

    def requests(self, name: str, many: int) -> list[bytes]:
        """Signed requests, each a new order; one in fifty repeats another, because upstreams send again what they sent."""
        secret = self._secrets["channels"][upstream.CHANNEL]["in"]
        made = []
        for _ in range(many):
            self._serial += 1
            body = upstream.order_body(self._serial, self._rng, run=name[0])
            made.append(upstream.signed(secret, "orders", body, port=self.ports[name]))
            if name == "ours" and self._serial % 50 == 0:
                made.append(made[-1])
        return made

    async def http_round(self, name: str) -> dict[str, float]:
        """Accepted orders per second, and the CPU time of server and PostgreSQL for each."""
        file = self._folder / f"{name}.pickle"
        file.write_bytes(pickle.dumps(self.requests(name, _ENOUGH[name])))
        pid = self.servers[name].pid
        cpu, database = cpu_seconds(pid), cpu_seconds(self._server.pid)
        said = await run(
            sys.executable, "-m", "bench.load", str(self.ports[name]), str(CONNECTIONS), str(SECONDS), str(file),
            log=self._folder / "load.log",
        )  # fmt: skip
        told = json.loads(said)
        accepted = told["statuses"].get("201", 0)
        wrong = {status: count for status, count in told["statuses"].items() if status not in {"201", "200"}}
        assert not wrong, f"{name}: answers {wrong}"
        return {
            "rate": accepted / told["seconds"],
            "cpu": (cpu_seconds(pid) - cpu) / accepted * 1e6,
            "database": (cpu_seconds(self._server.pid) - database) / accepted * 1e6,
            "p50": told["p50_ms"],
            "p99": told["p99_ms"],
        }

    async def pgbench_round(self, script: Path, mode: str) -> dict[str, float]:
        """Transactions per second of the two inserts with 32 clients; `mode` is how pgbench sends its statements."""
        database = cpu_seconds(self._server.pid)
        said = await run(
            str(self._server.programs / "pgbench"), "-n", "-M", mode, "-c", str(CONNECTIONS), "-j", "2",
            "-T", str(round(SECONDS)), "-f", str(script), self._server.url("gongdan_peer"),
            log=self._folder / "pgbench.log",
        )  # fmt: skip
        found = re.search(r"tps = ([0-9.]+)", said)
        done = re.search(r"actually processed: (\d+)", said)
        assert found is not None, said
        assert done is not None, said
        used = (cpu_seconds(self._server.pid) - database) / int(done[1]) * 1e6
        return {"rate": float(found[1]), "cpu": 0.0, "database": used, "p50": 0.0, "p99": 0.0}


async def measure(folder: Path) -> Table:
    table = Table(
        "Intake: accepted orders over HTTP, 32 connections, one worker",
        ("writer", "orders/s", "to pgbench", "limit", "server CPU us/order", "of ORM", "limit", "PG CPU us/order",
         "p50 ms", "p99 ms"),
    )  # fmt: skip
    figures: dict[str, list[dict[str, float]]] = {"pgbench": [], "prepared": [], "ours": [], "orm": []}
    with postgres(folder) as server:
        bench = Bench(folder, server)
        await bench.start()
        try:
            script = folder / "two_inserts.sql"
            body = upstream.order_body(0, random.Random(1))
            script.write_text(pgbench_script(body, 1000))
            await bench.http_round("ours")  # the first round prepares statements and connections
            for _ in range(ROUNDS):
                figures["pgbench"].append(await bench.pgbench_round(script, "simple"))
                figures["prepared"].append(await bench.pgbench_round(script, "prepared"))
                figures["ours"].append(await bench.http_round("ours"))
                figures["orm"].append(await bench.http_round("orm"))
        finally:
            await bench.stop()

    def of(name: str, what: str) -> float:
        return median(round_[what] for round_ in figures[name])

    rates = {name: of(name, "rate") for name in figures}
    for name, title in (
        ("pgbench", "pgbench, the same two inserts in a transaction"),
        ("prepared", "the same with -M prepared, which parses nothing twice"),
        ("orm", "FastAPI, an ORM session per request"),
        ("ours", "ours"),
    ):
        mine = name == "ours"
        table.add(
            title, spread([round_["rate"] for round_ in figures[name]]), rates[name] / rates["pgbench"],
            ">= 0.5" if mine else None, of(name, "cpu") or None,
            None if name in {"pgbench", "prepared"} else of(name, "cpu") / of("orm", "cpu"), "<= 0.2" if mine else None,
            of(name, "database"), of(name, "p50") or None, of(name, "p99") or None,
        )  # fmt: skip
    prepared = [
        mine["rate"] / theirs["rate"] for mine, theirs in zip(figures["ours"], figures["prepared"], strict=True)
    ]
    ratios = [mine["rate"] / theirs["rate"] for mine, theirs in zip(figures["ours"], figures["pgbench"], strict=True)]
    table.notes.append(
        f"{ROUNDS} rounds of {SECONDS:.0f} s in turns, medians; load generator, server and PostgreSQL share two cores. "
        f"Ours to pgbench per round: {spread(ratios)}; to pgbench with prepared statements: {spread(prepared)}."
    )
    return table


def main() -> int:
    configure_logs("ERROR")
    with scratch("bench-intake") as folder:
        uvloop.run(measure(folder)).show()
    return 0


if __name__ == "__main__":
    sys.exit(main())
