"""What only the PostgreSQL bus must prove: no gap in the offsets (R54), even shares, retention, lost connections."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import asyncpg
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from shared.bus import DIRECTORY, Message, TopicPartition
from shared.bus.postgres import PostgresBus
from tests.support.bus import new_topic, next_offsets, numbered, publish_until_done, read_until
from tests.support.postgres import DatabaseServer, fresh_database
from tests.support.waiting import eventually

PARTITIONS = 3


@pytest.fixture
async def url(postgres_server: DatabaseServer) -> AsyncIterator[str]:
    async with fresh_database(postgres_server, "log") as url:
        yield url


@pytest.fixture
async def log(url: str) -> AsyncIterator[PostgresBus]:
    bus = PostgresBus(url)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.stop()


async def test_concurrent_publishers_never_leave_a_gap_that_a_reader_could_see(log: PostgresBus, url: str) -> None:
    topic = await new_topic(log, PARTITIONS)
    others = [PostgresBus(url, pool_size=2) for _ in range(5)]
    done = asyncio.Event()
    offsets: dict[int, list[int]] = {partition: [] for partition in range(PARTITIONS)}

    async def publish(bus: PostgresBus, number: int) -> None:
        await bus.start()
        for batch in range(60):
            size = 1 + (batch * 7 + number) % 20
            await bus.publish([Message(topic, f"{number}-{n}", b"x") for n in range(size)])
        await bus.stop()

    async def read() -> None:
        """Read with a cursor, as every reader does, and check every offset when it becomes visible."""
        connection = await asyncpg.connect(url)
        try:
            while True:
                last_round = done.is_set()
                for partition, seen in offsets.items():
                    rows = await connection.fetch(
                        "SELECT log_offset FROM bus.log WHERE partition = $1 AND log_offset >= $2 ORDER BY log_offset",
                        partition,
                        len(seen),
                    )
                    seen.extend(row["log_offset"] for row in rows)
                if last_round:
                    return
        finally:
            await connection.close()

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(read())
        async with asyncio.TaskGroup() as publishers:
            for number, bus in enumerate(others):
                publishers.create_task(publish(bus, number))
        done.set()

    expected = sum(1 + (batch * 7 + number) % 20 for batch in range(60) for number in range(5))
    assert sum(map(len, offsets.values())) == expected
    for seen in offsets.values():
        assert seen == list(range(len(seen)))


@settings(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(batches=st.lists(st.lists(st.integers(0, 8), min_size=1, max_size=12), min_size=1, max_size=8))
def test_any_mix_of_concurrent_batches_numbers_every_partition_from_zero_without_gaps(
    url: str, batches: list[list[int]]
) -> None:
    async def publish() -> None:
        bus = PostgresBus(url, pool_size=8)
        await bus.start()
        try:
            topic = await new_topic(bus, PARTITIONS)
            async with asyncio.TaskGroup() as tasks:
                for batch in batches:
                    tasks.create_task(bus.publish([Message(topic, f"k{key}", str(key).encode()) for key in batch]))
            async with bus.subscribe("all", [topic], member="m") as subscription:
                read = await read_until(subscription, sum(map(len, batches)))
        finally:
            await bus.stop()
        for partition in range(PARTITIONS):
            seen = [delivery.offset for delivery in read if delivery.partition == partition]
            assert seen == list(range(len(seen)))
        assert len(read) == sum(map(len, batches))

    with asyncio.Runner() as runner:
        runner.run(publish())


async def test_a_publish_that_rolls_back_uses_no_offset(log: PostgresBus, url: str) -> None:
    topic = await new_topic(log, 1)
    await log.publish(numbered(topic, 3))
    connection = await asyncpg.connect(url)
    try:
        transaction = connection.transaction()
        await transaction.start()
        await connection.execute(
            "SELECT bus.append(ARRAY[1], ARRAY[0], ARRAY['k'::bytea], ARRAY['v'::bytea], ARRAY['{}'::bytea])"
        )
        await transaction.rollback()
    finally:
        await connection.close()
    await log.publish(numbered(topic, 3, start=3))

    async with log.subscribe("rollback", [topic], member="m") as subscription:
        assert [d.offset for d in await read_until(subscription, 6)] == list(range(6))


@pytest.mark.parametrize("members", [1, 2, 3, 5, 7])
async def test_twelve_partitions_are_shared_as_evenly_as_they_can_be(log: PostgresBus, members: int) -> None:
    topic, second = await new_topic(log, 12), await new_topic(log, 1)
    async with asyncio.TaskGroup() as tasks:
        seated: list[frozenset[TopicPartition]] = [frozenset()] * members
        fair = asyncio.Event()

        async def sit(number: int) -> None:
            async with log.subscribe("fair", [topic, second], member=f"m{number}") as subscription:
                while not fair.is_set():
                    await subscription.fetch(max_records=1, timeout=0.05)
                    seated[number] = subscription.assignment()

        for number in range(members):
            tasks.create_task(sit(number))

        def even() -> bool:
            counts = [sum(tp.topic == topic for tp in held) for held in seated]
            everything = [tp for held in seated for tp in held]
            return len(everything) == len(set(everything)) == 13 and max(counts) - min(counts) <= 1

        try:
            await eventually(even, within=15)
        finally:
            fair.set()


async def test_retention_deletes_what_is_old_and_read_by_every_group_and_nothing_else(
    log: PostgresBus, url: str
) -> None:
    topic, unread = await new_topic(log, 1), await new_topic(log, 1)
    await log.publish([*numbered(topic, 10), *numbered(unread, 4)])
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE bus.log SET appended_at = clock_timestamp() - interval '8 days'")
        await log.publish(numbered(topic, 5, start=10))
        for group, upto in (("fast", 15), ("slow", 6)):
            async with log.subscribe(group, [topic], member="m") as subscription:
                await subscription.fetch(max_records=100, timeout=5)
                assert await subscription.commit({TopicPartition(topic, 0): upto})

        assert await log.trim(timedelta(days=7)) == 6 + 4
        assert await log.trim(timedelta(days=7)) == 0
        await log.forget_group("slow")
        assert await log.trim(timedelta(days=7)) == 4
        left = await connection.fetch("SELECT log_offset FROM bus.log ORDER BY 1")
        assert [row["log_offset"] for row in left] == list(range(10, 15))
    finally:
        await connection.close()

    async with log.subscribe("late", [topic], member="m") as subscription:
        assert [d.offset for d in await read_until(subscription, 5)] == list(range(10, 15))
        assert sum((await subscription.lag()).values()) == 0


async def test_the_directory_topic_keeps_every_event(log: PostgresBus, url: str) -> None:
    await log.ensure_topics({DIRECTORY: 1, "passing": 1})
    await log.publish([Message(DIRECTORY, "unit", b"1"), Message("passing", "order", b"2")])
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("UPDATE bus.log SET appended_at = clock_timestamp() - interval '800 days'")
    finally:
        await connection.close()

    assert await log.trim(timedelta(days=7)) == 1
    async with log.subscribe("late", [DIRECTORY], member="m") as subscription:
        [kept] = await read_until(subscription, 1)
        assert kept.value == b"1"


async def test_a_batch_handed_out_in_an_earlier_epoch_is_not_committed_in_a_later_one(
    log: PostgresBus, url: str
) -> None:
    topic = await new_topic(log, 1)
    await log.publish(numbered(topic, 10))
    async with log.subscribe("epoch", [topic], member="m") as subscription:
        batch = await subscription.fetch(max_records=10, timeout=5)
        connection = await asyncpg.connect(url)
        try:
            await connection.execute("UPDATE bus.lease SET epoch = epoch + 2, committed = 7")
        finally:
            await connection.close()

        assert not await subscription.commit(next_offsets(batch))

        async def from_there() -> bool:
            again = await subscription.fetch(max_records=10, timeout=0.5)
            return [d.offset for ds in again.values() for d in ds] == [7, 8, 9]

        await eventually(from_there, within=10)


async def test_several_processes_may_bring_an_empty_database_up_to_date_at_once(url: str) -> None:
    buses = [PostgresBus(url, pool_size=1) for _ in range(6)]
    try:
        await asyncio.gather(*(bus.start() for bus in buses))
        await asyncio.gather(*(bus.ensure_topics({"orders": 12}) for bus in buses))
    finally:
        await asyncio.gather(*(bus.stop() for bus in buses))


async def test_a_lost_heartbeat_connection_is_opened_again_and_is_notified(log: PostgresBus, url: str) -> None:
    topic = await new_topic(log, 1)
    async with log.subscribe("deaf", [topic], member="m") as subscription:
        connection = await asyncpg.connect(url)
        try:
            killed = await connection.fetch(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'gongdan-bus' AND datname = current_database()"
            )
        finally:
            await connection.close()
        assert len(killed) >= 2

        await publish_until_done(log, numbered(topic, 1), within=10)
        assert len(await read_until(subscription, 1)) == 1
        assert subscription.assignment() == {TopicPartition(topic, 0)}
