"""Health: /livez checks nothing; /readyz says in one word what is missing (R50)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shared.app import health
from shared.app.health import CLOSED
from shared.bus import BusUnavailable, PublishFailed
from shared.outbox import relay as relay_module
from shared.run.arriving import ArrivingBus, keep_in_touch
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import Tiny, at_work, tiny_at
from tests.support.waiting import eventually


async def ask(tiny: Tiny, path: str) -> Any:
    return await tiny.http.get(f"http://tiny{path}")


async def faults(tiny: Tiny) -> dict[str, str]:
    answer = await ask(tiny, "/readyz")
    body: dict[str, Any] = answer.json()
    found: dict[str, str] = body["faults"]
    closed = not CLOSED.isdisjoint(found.values())
    assert answer.status_code == (503 if closed else 200)
    assert body["status"] == ("not ready" if closed else "degraded" if found else "ready")
    return found


async def test_a_service_whose_parts_all_run_is_ready(tiny: Tiny) -> None:
    tiny.runtime.bus_there = True
    async with at_work(tiny.runtime.relay.run, tiny.runtime.consumer.run):

        async def ready() -> bool:
            return await faults(tiny) == {}

        await eventually(ready)


async def test_each_missing_part_is_named(tiny: Tiny) -> None:
    tiny.runtime.bus_there = True
    assert await faults(tiny) == {"intake": "relay"}
    async with at_work(tiny.runtime.relay.run):

        async def without_consumer() -> bool:
            return await faults(tiny) == {"intake": "consumer"}

        await eventually(without_consumer)
    tiny.runtime.bus_there = False
    tiny.runtime.relay.running = True
    assert await faults(tiny) == {"intake": "bus"}
    tiny.runtime.started = False
    assert await faults(tiny) == {"intake": "starting"}
    assert (await ask(tiny, "/startupz")).status_code == 503
    tiny.runtime.closing = True
    assert await faults(tiny) == {"intake": "closing"}


async def test_a_bus_that_is_away_is_shown_in_the_answer_and_a_metric_and_requests_are_taken(
    tiny: Tiny, bus: MemoryBus
) -> None:
    bus.down = True
    arriving = ArrivingBus(bus, {"orders": 12})
    metric = "gongdan_intake_bus_there"
    async with at_work(tiny.runtime.relay.run, lambda: keep_in_touch(arriving, [tiny.runtime])):

        async def says(fault: str, gauge: float) -> bool:
            assert await faults(tiny) == {"intake": fault}
            return tiny.runtime.metrics.registry.get_sample_value(metric) == gauge

        await eventually(lambda: says("bus", 0))
        with pytest.raises(PublishFailed):
            await arriving.publish([])
        with pytest.raises(BusUnavailable):
            arriving.subscribe("intake", ["orders"], member="m")
        bus.down = False
        await eventually(lambda: says("consumer", 1))


async def test_a_bus_that_answers_and_acknowledges_nothing_makes_the_service_degraded(
    tiny: Tiny, bus: MemoryBus, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STALLED_SECONDS", 0.2)
    arriving = ArrivingBus(bus, {"orders": 12})
    runtime = tiny.runtime
    async with at_work(runtime.relay.run, runtime.consumer.run, lambda: keep_in_touch(arriving, [runtime])):

        async def says(expected: dict[str, str]) -> bool:
            return await faults(tiny) == expected

        await eventually(lambda: says({}))
        bus.takes.clear()
        await tiny.urge("a")
        await eventually(lambda: says({"intake": "relay"}))
        bus.takes.set()
        await eventually(lambda: says({}))


async def test_a_relay_or_consumer_that_has_ended_is_named(tiny: Tiny) -> None:
    async with at_work(tiny.runtime.relay.run, tiny.runtime.consumer.run):
        await eventually(lambda: tiny.runtime.consumer.joined and tiny.runtime.relay.running)
    assert not tiny.runtime.consumer.joined
    assert not tiny.runtime.relay.running


async def test_without_its_database_a_service_is_alive_but_not_ready(tmp_path: Path, bus: MemoryBus) -> None:
    async with tiny_at("postgresql://nobody@127.0.0.1:1/nowhere", bus=bus, folder=tmp_path) as tiny:
        assert await faults(tiny) == {"intake": "database"}
        assert (await ask(tiny, "/livez")).status_code == 200
        assert (await ask(tiny, "/startupz")).status_code == 200


async def test_livez_checks_nothing(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    async def asked(*_: object) -> None:
        raise AssertionError("a liveness probe that asks takes the process down with its database")

    monkeypatch.setattr(tiny.runtime.bus, "ping", asked)
    monkeypatch.setattr(health, "fault_of", asked)
    for field in ("works", "relay", "consumer"):
        monkeypatch.setattr(tiny.runtime, field, None)
    answer = await ask(tiny, "/livez")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
