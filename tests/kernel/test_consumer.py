"""The consumer: every event takes effect once, in the order of its key, whatever is repeated, poisoned or killed."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from shared.bus import TopicPartition
from shared.bus.postgres import PostgresBus
from shared.bus.topics import PARTITIONS
from shared.clock import RealClock
from shared.contracts.intake import OrderUrged
from shared.contracts.kernel import EventParked
from shared.identity import Person, Role
from shared.inbox import Stuck
from shared.inbox import consumer as consumer_module
from shared.inbox.finish import finished
from shared.work import Work
from tests.kernel.memory_bus import MemoryBus
from tests.kernel.tiny import EFFECT, Refusal, Tiny, at_work, record_effect, tiny_at, tiny_service
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.waiting import eventually

ORDERS = TopicPartition("orders", 0)


async def drained(tiny: Tiny, bus: MemoryBus, within: float = 60.0) -> None:
    """Run the consumer until everything is committed."""
    async with at_work(tiny.runtime.consumer.run):
        await eventually(bus.drained, within=within)


async def parked(tiny: Tiny) -> list[tuple[str, str]]:
    return [(row["key"], row["reason"]) for row in await tiny.runtime.parked.listing()]


async def dead_letters(tiny: Tiny) -> list[EventParked]:
    rows = await tiny.rows("select payload from outbox where aggregatetype = 'dead-letters' order by position")
    return [EventParked.model_validate_json(bytes(row["payload"])) for row in rows]


class Handler:
    """A handler that fails as it is told, and otherwise records its effect."""

    def __init__(self) -> None:
        self.runs: list[tuple[str, int]] = []
        self.faults: dict[tuple[str, int], list[Any]] = {}

    async def __call__(self, work: Work, event: OrderUrged) -> None:
        assert work.cause is not None
        name = (event.order_id, work.cause.sequence)
        self.runs.append(name)
        left = self.faults.get(name, [])
        if left:
            fault = left[0] if left[-1] is ... else left.pop(0)
            await fault(work) if callable(fault) else await _raise(fault)
        await record_effect(work, event)


async def _raise(fault: BaseException) -> None:
    raise fault


ALWAYS = ...


async def a_check_that_fails(work: Work) -> None:
    await work.session.execute(text("insert into thing (key, small) values (gen_random_uuid()::text, 5000)"))


async def a_refusal_at_the_commit(work: Work) -> None:
    await work.session.execute(text("insert into thing (key) values ('late-' || gen_random_uuid()::text)"))


async def a_character_that_cannot_be_stored(work: Work) -> None:
    await work.session.execute(text("insert into thing (key) values (:key)"), {"key": "nul\x00"})


async def a_number_the_driver_cannot_encode(work: Work) -> None:
    await work.session.execute(text("insert into thing (key, small) values ('n', cast(:n as int))"), {"n": 2**40})


async def more_arguments_than_the_driver_takes(work: Work) -> None:
    numbers = {f"n{n}": n for n in range(33_000)}
    await work.session.execute(text(f"select 1 in ({','.join(':' + name for name in numbers)})"), numbers)


async def a_statement_that_is_wrong(work: Work) -> None:
    await work.session.execute(text("select no_such_column from thing"))


async def the_backend_is_ended(work: Work) -> None:
    await work.session.execute(text("select pg_terminate_backend(pg_backend_pid())"))


async def a_lock_that_is_not_given(work: Work) -> None:
    await work.session.execute(text("set local statement_timeout = '50ms'"))
    await work.session.execute(text("select pg_sleep(10)"))


@pytest.fixture
def handler() -> Handler:
    return Handler()


@pytest.fixture
async def tiny(database: str, bus: MemoryBus, tmp_path: Path, handler: Handler) -> AsyncIterator[Tiny]:
    async with tiny_at(database, bus=bus, folder=tmp_path, service=tiny_service(handler)) as service:
        yield service


async def test_every_event_delivered_three_times_takes_effect_once(tiny: Tiny, bus: MemoryBus) -> None:
    for n in range(1200):
        bus.append(tiny.message(f"order-{n % 40}"))
    bus.repeat = 3

    async with at_work(tiny.runtime.consumer.run):
        await eventually(lambda: bus.deliveries == 3600 and tiny.runtime.metrics.redelivered._value.get() == 2400)

    assert bus.drained()
    assert await tiny.effects() == {f"order-{n}": list(range(1, 31)) for n in range(40)}
    assert await parked(tiny) == []


async def test_two_members_that_read_the_same_events_at_once_apply_each_once(tiny: Tiny, bus: MemoryBus) -> None:
    """A zombie after a rebalance: the inbox decides, not the bus."""
    for n in range(400):
        bus.append(tiny.message(f"order-{n % 20}"))
    deliveries = bus.read("orders")

    await asyncio.gather(
        *(tiny.runtime.consumer.apply_batch(ORDERS.topic, deliveries[start : start + 200]) for start in (0, 0, 0)),
    )
    await asyncio.gather(
        *(tiny.runtime.consumer.apply_batch(ORDERS.topic, deliveries[100:]) for _ in range(3)),
    )

    assert await tiny.effects() == {f"order-{n}": list(range(1, 21)) for n in range(20)}


async def test_a_process_that_dies_between_effect_and_offset_commit_changes_nothing_on_its_return(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    for n in range(30):
        bus.append(tiny.message(f"order-{n % 3}"))
    bus.lost_commits = 10**6

    async with at_work(tiny.runtime.consumer.run):
        await eventually(lambda: len(handler.runs) == 30)
    assert bus.committed == {}
    bus.lost_commits = 0
    await drained(tiny, bus)

    assert bus.deliveries >= 60
    assert await tiny.effects() == {f"order-{n}": list(range(1, 11)) for n in range(3)}


async def test_a_cancelled_consumer_finishes_the_transaction_it_is_in(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    """R3: cancelling inside SQL can give the connection back with its transaction open."""
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(work: Work) -> None:
        begun.set()
        await go_on.wait()
        await work.session.execute(text("select pg_sleep(0.05)"))

    handler.faults["a", 1] = [slow]
    bus.append(tiny.message("a"))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(tiny.runtime.consumer.run())
        await begun.wait()
        task.cancel()
        go_on.set()

    assert task.cancelled()
    assert await tiny.effects() == {"a": [1]}
    assert await tiny.one("select count(*) from inbox") == 1
    assert tiny.runtime.works.engine.pool.checkedout() == 0  # type: ignore[attr-defined]


async def test_finishing_passes_on_the_cancellation_and_the_fault() -> None:
    with pytest.raises(ZeroDivisionError):
        await finished(_raise_fault())
    assert await finished(_answer()) == "done"


async def _raise_fault() -> None:
    raise ZeroDivisionError


async def _answer() -> str:
    return "done"


async def test_a_poison_in_the_middle_parks_itself_and_its_later_siblings_only(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    handler.faults["bad", 2] = [ZeroDivisionError("text of a citizen"), ALWAYS]
    for key in ("good", "bad", "good", "bad", "other", "bad", "good"):
        bus.append(tiny.message(key))

    await drained(tiny, bus)

    assert await tiny.effects() == {"good": [1, 2, 3], "bad": [1], "other": [1]}
    assert await parked(tiny) == [("bad", "failed"), ("bad", "behind")]
    bus.append(tiny.message("bad"))
    bus.append(tiny.message("good"))
    await drained(tiny, bus)
    assert await parked(tiny) == [("bad", "failed"), ("bad", "behind"), ("bad", "behind")]
    assert (await tiny.effects())["good"] == [1, 2, 3, 4]
    assert "citizen" not in str(await tiny.runtime.parked.listing())


async def test_a_handler_that_fails_is_tried_three_times_then_parked_and_told(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    handler.faults["bad", 1] = [ZeroDivisionError(), ALWAYS]
    message = tiny.message("bad")
    bus.append(message)

    await drained(tiny, bus)

    assert handler.runs == [("bad", 1)] * 4  # once in the batch, three times alone
    (told,) = await dead_letters(tiny)
    assert (told.consumer, told.parked_key, told.reason) == ("intake", "bad", "failed")
    assert told.event_id == message.headers["ce_id"]
    assert told.event_type == "order.urged.v1"
    (row,) = await tiny.runtime.parked.listing()
    assert row["payload"] == message.value
    assert (row["partition"], row["offset"]) == (0, 0)


async def test_a_handler_that_fails_twice_is_applied_the_third_time(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    handler.faults["bad", 1] = [ZeroDivisionError()] * 3
    bus.append(tiny.message("bad"))
    await drained(tiny, bus)
    assert await tiny.effects() == {"bad": [1]}
    assert await parked(tiny) == []


async def test_a_business_refusal_is_parked_at_once_with_its_code(tiny: Tiny, bus: MemoryBus, handler: Handler) -> None:
    handler.faults["bad", 1] = [Refusal("不行"), ALWAYS]
    bus.append(tiny.message("bad"))
    await drained(tiny, bus)
    (row,) = await tiny.runtime.parked.listing()
    assert (row["reason"], row["detail"]) == ("refused", "tiny_refusal: 不行")
    assert len(handler.runs) == 2


@pytest.mark.parametrize(
    ("fault", "detail"),
    [
        (a_check_that_fails, "CheckViolationError"),
        (a_refusal_at_the_commit, "IntegrityConstraintViolationError"),
        (a_character_that_cannot_be_stored, "CharacterNotInRepertoireError"),
        (a_number_the_driver_cannot_encode, "DataError"),
        (more_arguments_than_the_driver_takes, "InterfaceError"),
        (a_statement_that_is_wrong, "UndefinedColumnError"),
    ],
)
async def test_what_a_value_provokes_in_the_database_is_parked_and_holds_up_nobody(
    tiny: Tiny, bus: MemoryBus, handler: Handler, fault: Any, detail: str
) -> None:
    """Taken for an outage, it would be retried for ever and its partition stand still."""
    handler.faults["bad", 1] = [fault, ALWAYS]
    for key in ("good", "bad", "good"):
        bus.append(tiny.message(key))
    await drained(tiny, bus)
    assert await tiny.effects() == {"good": [1, 2]}
    (row,) = await tiny.runtime.parked.listing()
    assert (row["reason"], row["detail"]) == ("failed", detail)


@pytest.mark.parametrize("fault", [the_backend_is_ended, a_lock_that_is_not_given, ConnectionResetError()])
async def test_a_transient_fault_of_the_database_is_retried_and_never_parked(
    tiny: Tiny, bus: MemoryBus, handler: Handler, fault: Any
) -> None:
    handler.faults["b", 1] = [fault] * 3
    for key in ("a", "b", "c"):
        bus.append(tiny.message(key))
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1], "b": [1], "c": [1]}
    assert await parked(tiny) == []
    assert len(bus.rewound) == 3


async def test_a_fault_on_the_way_through_a_poisoned_batch_loses_nothing(
    tiny: Tiny, bus: MemoryBus, handler: Handler
) -> None:
    handler.faults["bad", 1] = [ZeroDivisionError(), ALWAYS]
    handler.faults["c", 1] = [the_backend_is_ended] * 2
    for key in ("a", "bad", "c", "d"):
        bus.append(tiny.message(key))
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1], "c": [1], "d": [1]}
    assert await parked(tiny) == [("bad", "failed")]


async def test_an_absent_database_costs_a_round_two_timeouts_not_one_per_partition(
    database: str, tmp_path: Path
) -> None:
    bus, handler = MemoryBus(partitions=12), Handler()
    async with tiny_at(database, bus=bus, folder=tmp_path, service=tiny_service(handler)) as tiny:
        for n in range(60):
            bus.append(tiny.message(f"order-{n}"))
            handler.faults[f"order-{n}", 1] = [ConnectionResetError()]
        batches = {place: list(log) for place, log in bus.logs.items()}
        async with bus.subscribe("g", ["orders"], member="m") as subscription:
            await tiny.runtime.consumer._apply_all(subscription, batches)
        assert 1 <= len(handler.runs) <= 2
        assert sorted(bus.rewound) == sorted((place, 0) for place in batches)
        handler.faults.clear()
        await drained(tiny, bus)
        assert len(await tiny.effects()) == 60


@pytest.mark.parametrize("repeat", [1, 3])
async def test_many_partitions_in_one_look_take_effect_once_and_a_poison_stays_in_its_own(
    database: str, tmp_path: Path, repeat: int
) -> None:
    bus, handler = MemoryBus(partitions=12), Handler()
    async with tiny_at(database, bus=bus, folder=tmp_path, service=tiny_service(handler)) as tiny:
        handler.faults["order-7", 3] = [ZeroDivisionError(), ALWAYS]
        handler.faults["order-8", 2] = [the_backend_is_ended]
        for n in range(200):
            bus.append(tiny.message(f"order-{n % 20}"))
        bus.repeat = repeat
        await drained(tiny, bus, within=20)
        expected = {f"order-{n}": list(range(1, 11)) for n in range(20)} | {"order-7": [1, 2]}
        assert await tiny.effects() == expected
        assert await parked(tiny) == [("order-7", "failed")] + [("order-7", "behind")] * 7


async def test_partitions_applied_together_are_all_read_again_after_a_fault(database: str, tmp_path: Path) -> None:
    bus, handler = MemoryBus(partitions=12), Handler()
    async with tiny_at(database, bus=bus, folder=tmp_path, service=tiny_service(handler)) as tiny:
        for n in range(24):
            bus.append(tiny.message(f"order-{n}"))
        handler.faults["order-11", 1] = [a_lock_that_is_not_given]
        await drained(tiny, bus)
        assert {place for place, _ in bus.rewound} == set(bus.logs)
        assert await tiny.effects() == {f"order-{n}": [1] for n in range(24)}
        assert await parked(tiny) == []


UNDECODABLE: list[tuple[str, dict[str, Any], str]] = [
    ("no id", {"id": None}, "undecodable"),
    ("an id that is none", {"id": "7"}, "undecodable"),
    ("no sequence", {"sequence": None}, "undecodable"),
    ("sequence 0", {"sequence": "0"}, "undecodable"),
    ("a sequence beyond 64 bits", {"sequence": str(2**63)}, "undecodable"),
    ("a time without an offset", {"time": "2026-11-23T09:00:00"}, "undecodable"),
    ("another version", {"specversion": "0.3"}, "undecodable"),
    ("an empty subject", {"subject": ""}, "undecodable"),
    ("an endless source", {"source": "/" + "x" * 5000}, "undecodable"),
    ("NUL in the source", {"source": "/gongdan\x00"}, "undecodable"),
    ("NUL in the actor", {"actor": "a\x00"}, "undecodable"),
    ("another subject than its key", {"subject": "b"}, "invalid"),
]


@pytest.mark.parametrize("change", [c for _, c, _ in UNDECODABLE], ids=[name for name, _, _ in UNDECODABLE])
async def test_headers_that_are_not_an_event_are_parked_with_their_bytes(
    tiny: Tiny, bus: MemoryBus, change: dict[str, Any]
) -> None:
    message = tiny.message("a")
    for name, value in change.items():
        headers = dict(message.headers)
        headers.pop(f"ce_{name}")
        if value is not None:
            headers[f"ce_{name}"] = value
        message = type(message)(message.topic, message.key, message.value, headers)
    bus.append(message)
    bus.append(tiny.message("good"))

    await drained(tiny, bus)

    (row,) = await tiny.runtime.parked.listing()
    expected = next(reason for _, c, reason in UNDECODABLE if c == change)
    assert (row["key"], row["reason"], row["payload"]) == ("a", expected, message.value)
    assert await tiny.effects() == {"good": [1]}
    assert len(await dead_letters(tiny)) == 1


@pytest.mark.parametrize(
    "value", [b"", b"{", b"\xff\xfe", b"[]", b'{"order_id": 7}', b"[" * 5000, b'{"order_id": "b"}']
)
async def test_a_body_that_is_not_its_contract_is_parked_with_its_bytes(
    tiny: Tiny, bus: MemoryBus, value: bytes
) -> None:
    bus.append(tiny.message("a", value=value))
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    rows = await tiny.runtime.parked.listing()
    assert [row["reason"] for row in rows] == ["invalid", "behind"]
    assert rows[0]["payload"] == value


async def test_bytes_that_are_not_text_are_parked_under_their_place(tiny: Tiny, bus: MemoryBus) -> None:
    message = tiny.message("a")
    bus.append(message, raw_headers={"ce_id": b"\xff\xfe", "x\x00y": b"\x00"}, key=None)
    bus.append(tiny.message("good"))
    await drained(tiny, bus)
    assert await parked(tiny) == [("?orders/0/0", "undecodable")]
    assert await tiny.effects() == {"good": [1]}


@pytest.mark.parametrize(
    "key", [random.Random(7).randbytes(50_000).hex(), "k\x00", "键" * 3000], ids=["long", "NUL", "wide"]
)
async def test_an_absurd_key_is_parked_and_does_not_stop_the_partition(tiny: Tiny, bus: MemoryBus, key: str) -> None:
    bus.append(tiny.message("a", sent_key=key))
    bus.append(tiny.message("good"))
    await drained(tiny, bus)
    assert len(await parked(tiny)) == 1
    assert await tiny.effects() == {"good": [1]}


async def test_a_parked_event_that_is_delivered_again_is_not_told_twice(tiny: Tiny, bus: MemoryBus) -> None:
    bus.append(tiny.message("a", value=b"{"))
    bus.append(tiny.message("a"))
    bus.repeat = 3
    await drained(tiny, bus)
    assert await parked(tiny) == [("a", "invalid"), ("a", "behind")]
    assert len(await dead_letters(tiny)) == 2


async def test_an_applied_event_that_comes_again_does_not_queue_behind_a_parked_one(tiny: Tiny, bus: MemoryBus) -> None:
    for value in (None, None, b"{"):
        bus.append(tiny.message("a", **({} if value is None else {"value": value})))
    await drained(tiny, bus)
    bus.committed.clear()
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1, 2]}
    assert await parked(tiny) == [("a", "invalid")]


async def test_a_gap_is_parked_and_what_follows_waits_behind_it(tiny: Tiny, bus: MemoryBus) -> None:
    bus.append(tiny.message("a"))
    bus.append(tiny.message("a", sequence=3))
    bus.append(tiny.message("a", sequence=4))
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1]}
    assert await parked(tiny) == [("a", "gap"), ("a", "behind")]


@pytest.mark.parametrize("type_", ["order.teleported.v9", "order.cancelled.v1"])
async def test_an_event_of_a_type_that_is_not_handled_passes_unread_and_is_counted(
    tiny: Tiny, bus: MemoryBus, type_: str
) -> None:
    bus.append(tiny.message("a", type=type_, value=b"\x00 not even JSON"))
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [2]}
    assert tiny.runtime.metrics.consumed.labels("unhandled")._value.get() == 1
    assert await tiny.rows("select type from inbox") == [{"type": "order.urged.v1"}]
    assert await tiny.one("select sequence from seen") == 2


async def test_a_missing_event_is_a_gap_though_what_came_after_it_is_not_handled(tiny: Tiny, bus: MemoryBus) -> None:
    bus.append(tiny.message("a"))
    bus.append(tiny.message("a", sequence=3, type="order.cancelled.v1"))
    await drained(tiny, bus)
    assert await parked(tiny) == [("a", "gap")]


async def test_the_streams_of_a_publisher_of_whom_nothing_is_handled_are_passed_by(tiny: Tiny, bus: MemoryBus) -> None:
    bus.append(tiny.message("a", source="/gongdan/sla", sequence=7, type="clock.started.v1"))
    bus.append(tiny.message("a", source="/gongdan/elsewhere", sequence=1, type="order.sighted.v1"))
    await drained(tiny, bus)
    assert await parked(tiny) == []
    assert await tiny.rows("select source from seen") == [{"source": "/gongdan/elsewhere"}]


async def test_an_event_from_the_future_is_parked_on_a_real_clock(database: str, tmp_path: Path) -> None:
    bus = MemoryBus()
    async with tiny_at(database, bus=bus, clock=RealClock()) as tiny:
        now = tiny.clock.now()
        bus.append(tiny.message("soon", time=now + timedelta(minutes=4)))
        bus.append(tiny.message("late", time=now + timedelta(minutes=6)))
        await drained(tiny, bus)
        assert await parked(tiny) == [("late", "invalid")]
        assert await tiny.effects() == {"soon": [1]}


async def test_a_repeat_outside_the_inbox_is_still_known_by_its_number(tiny: Tiny, bus: MemoryBus) -> None:
    """R17: the inbox may forget, the stream's number does not."""
    bus.append(tiny.message("a"))
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    await tiny.execute("delete from inbox")
    bus.committed.clear()
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1, 2]}


async def test_a_lost_offset_commit_is_offered_again_and_is_no_sign_of_a_stuck_partition(
    tiny: Tiny, bus: MemoryBus
) -> None:
    tiny.runtime.consumer._watchdog = 0.4
    bus.append(tiny.message("a"))
    bus.lost_commits = 2
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1]}


async def test_a_partition_with_events_and_no_progress_ends_the_process(tiny: Tiny, bus: MemoryBus) -> None:
    tiny.runtime.consumer._watchdog = 0.3
    bus.append(tiny.message("a"))
    bus.deaf = True
    async with asyncio.timeout(10):
        with pytest.raises(Stuck):
            await tiny.runtime.consumer.run()
    assert not tiny.runtime.consumer.joined


async def test_a_partition_that_waits_for_its_database_is_not_stuck(
    tiny: Tiny, bus: MemoryBus, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumer_module, "_LONG_TRYING", 3)
    tiny.runtime.consumer._watchdog = 0.3
    handler.faults["a", 1] = [ConnectionResetError()] * 5
    bus.append(tiny.message("a"))
    await drained(tiny, bus)
    assert await tiny.effects() == {"a": [1]}


async def test_a_process_that_stood_still_is_not_stuck_by_that_alone(tiny: Tiny, bus: MemoryBus) -> None:
    """After SIGSTOP the clock has moved and nothing was watched: the first look says nothing about progress."""
    consumer = tiny.runtime.consumer
    bus.append(tiny.message("a"))
    async with bus.subscribe("g", ["orders"], member="m") as subscription:
        await consumer._watch(subscription, 2 * 5.0)
        await consumer._watch(subscription, 2 * 5.0)
    assert consumer._idle == {ORDERS: 20.0}


async def test_what_is_known_of_partitions_that_went_elsewhere_is_forgotten(tiny: Tiny, bus: MemoryBus) -> None:
    consumer = tiny.runtime.consumer
    bus.append(tiny.message("a"))
    gone = TopicPartition("orders", 11)
    consumer._retries[gone], consumer._owed[gone], consumer._idle[gone] = 4, 7, 50.0
    consumer._shown.add(gone)
    consumer._metrics.lag.labels("orders", "11").set(9)
    async with bus.subscribe("g", ["orders"], member="m") as subscription:
        await consumer._watch(subscription, 1.0)
    assert gone not in consumer._retries.keys() | consumer._owed.keys() | consumer._idle.keys()
    assert [s.labels for m in consumer._metrics.lag.collect() for s in m.samples] == [
        {"topic": "orders", "partition": "0"}
    ]


async def test_the_number_of_parked_events_is_shown_and_falls_again(tiny: Tiny, bus: MemoryBus) -> None:
    tiny.runtime.consumer._watchdog = 0.2
    bus.append(tiny.message("a", value=b"{"))
    async with at_work(tiny.runtime.consumer.run):
        await eventually(lambda: tiny.runtime.metrics.parked._value.get() == 1)
        (row,) = await tiny.runtime.parked.listing()
        await tiny.runtime.parked.drop(row["id"], tiny_admin(), "不可恢复")
        await eventually(lambda: tiny.runtime.metrics.parked._value.get() == 0)


def tiny_admin() -> Any:
    return Person(account="root", name="root", roles=frozenset({Role.ADMIN}))


async def test_a_long_series_of_failures_leaves_the_rest_of_its_batch_for_the_next_fetch(
    tiny: Tiny, bus: MemoryBus, handler: Handler, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R21: a reader that does not fetch loses its seat, and the next one would meet the same batch."""
    monkeypatch.setattr(consumer_module, "_SINGLY_SECONDS", 0.2)
    for n in range(4):
        handler.faults[f"bad-{n}", 1] = [ZeroDivisionError(), ALWAYS]
        bus.append(tiny.message(f"bad-{n}"))
    bus.append(tiny.message("good"))
    await drained(tiny, bus)
    assert len(await parked(tiny)) == 4
    assert await tiny.effects() == {"good": [1]}
    assert [offset for _, offset in bus.rewound] == sorted({offset for _, offset in bus.rewound})
    assert len(bus.rewound) >= 2


async def test_a_batch_handler_gets_new_events_only_and_a_poison_among_them_alone_is_parked(
    database: str, tmp_path: Path
) -> None:
    bus, sizes = MemoryBus(), []

    async def project(work: Work, envelopes: Any) -> None:
        sizes.append(len(envelopes))
        if any(e.subject == "bad" for e in envelopes):
            raise KeyError("bad")
        await work.session.execute(
            EFFECT.insert(), [{"event_id": e.id, "key": e.subject, "sequence": e.sequence} for e in envelopes]
        )

    service = replace(tiny_service(), subscriptions={}, batch=project)
    async with tiny_at(database, bus=bus, folder=tmp_path, service=service) as tiny:
        for n in range(100):
            bus.append(tiny.message(f"order-{n % 5}"))
        bus.repeat = 2
        await drained(tiny, bus)
        assert sizes == [100]
        bus.repeat = 1
        for key in ("order-1", "bad", "order-1"):
            bus.append(tiny.message(key))
        await drained(tiny, bus)
        assert (await tiny.effects())["order-1"] == list(range(1, 23))
        assert await parked(tiny) == [("bad", "failed")]


async def test_over_postgres_everything_published_takes_effect_once_while_backends_are_ended(
    database: str, postgres_server: DatabaseServer, tmp_path: Path
) -> None:
    async with fresh_database(postgres_server, "bus") as url:
        bus = PostgresBus(url, lease=3.0)
        await bus.start()
        await bus.ensure_topics(PARTITIONS)
        try:
            async with tiny_at(database, bus=bus, folder=tmp_path) as tiny:
                async with at_work(tiny.runtime.relay.run, tiny.runtime.consumer.run):
                    for n in range(30):
                        await tiny.urge(*(f"order-{k}" for k in range(20)))
                        if n % 6 == 5:
                            await bus._running().execute(
                                "select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid() "
                                "and datname = $1 and application_name like 'gongdan%'",
                                database.rsplit("/", 1)[1].partition("?")[0],
                            )
                            await eventually(lambda: _can_begin(tiny))

                    async def all_applied() -> bool:
                        return bool(await tiny.one("select count(*) from effect") >= 600)

                    await eventually(all_applied, within=30)
                assert await tiny.effects() == {f"order-{k}": list(range(1, 31)) for k in range(20)}
                assert await parked(tiny) == []
        finally:
            await bus.stop()


async def _can_begin(tiny: Tiny) -> bool:
    try:
        return bool(await tiny.one("select true"))
    except Exception as fault:  # ended connections leave the pool one by one
        raise AssertionError from fault
