"""The broker goes away, with signal 9 or without answering, and comes back: nothing is lost, nothing overtakes."""

import asyncio
import os
import time

import asyncpg
import pytest
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType

from shared.bus import (
    DIRECTORY,
    ORDERS,
    PARTITIONS,
    Bus,
    Message,
    MessageRefused,
    PublishFailed,
    Subscription,
    TopicPartition,
)
from shared.bus.kafka import KafkaBus
from tests.support.bus import (
    Broker,
    Readers,
    in_order,
    new_topic,
    next_offsets,
    numbered,
    publish_until_done,
    read_until,
    running,
    values_by_key,
)
from tests.support.kafka import KafkaServer
from tests.support.waiting import eventually

#: How long the broker is away; a release run sets 60.
OUTAGE = float(os.environ.get("GONGDAN_BUS_OUTAGE_SECONDS", "4"))
TIMEOUT = 3.0
#: Far above what our timeouts allow, also on a busy machine, and far below what a client without them waits (40 s and more).
BOUND = 20.0

pytestmark = pytest.mark.kill


async def members_of(broker: Broker, group: str) -> int:
    """How many members the group has, in the broker's own books."""
    kind, _, where = broker.address.partition(":")
    if kind == "postgres":
        connection = await asyncpg.connect(where)
        try:
            return int(
                await connection.fetchval(
                    "SELECT count(*) FROM bus.member WHERE group_name = $1 AND expires_at > clock_timestamp()", group
                )
            )
        finally:
            await connection.close()
    admin = AIOKafkaAdminClient(bootstrap_servers=where)
    await admin.start()
    try:
        [answer] = await admin.describe_consumer_groups([group])
        return len(answer.groups[0][5])
    finally:
        await admin.close()


async def test_nothing_is_lost_and_nothing_overtakes_while_the_broker_is_down_and_back(broker: Broker) -> None:
    async with running(broker.address, timeout=TIMEOUT) as bus:
        topic = await new_topic(bus, 4)
        count, batch = 3_000, 50
        failures = 0

        async def publish() -> None:
            nonlocal failures
            for start in range(0, count, batch):
                failures += await publish_until_done(bus, numbered(topic, batch, start=start), within=OUTAGE + 60)

        async def interrupt() -> None:
            await broker.kill()
            away_since = time.monotonic()
            await eventually(lambda: time.monotonic() - away_since > OUTAGE, within=OUTAGE + 5, every=0.1)
            await broker.restart()

        async with bus.subscribe("outage", [topic], member="m") as subscription:
            first = await _read_while(bus, subscription, topic)
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(publish())
                tasks.create_task(interrupt())
                rest = await read_until(subscription, count, within=OUTAGE + 90)

    assert first
    assert failures > 0, "the outage was not noticed, so this run proves nothing"
    read = values_by_key(rest)
    assert {n for numbers in read.values() for n in numbers} == set(range(count))
    assert all(in_order(numbers) for numbers in read.values())


async def _read_while(bus: Bus, subscription: Subscription, topic: str) -> bool:
    """Read one message, so that the outage meets a reader in its stride; True when it came."""
    await bus.publish([Message(topic, "order-0", b"0")])
    return bool(await read_until(subscription, 1))


async def test_a_reader_that_starts_while_the_broker_dies_is_one_member_afterwards_and_every_partition_moves(
    broker: Broker, readers: Readers
) -> None:
    async with running(broker.address, timeout=5.0) as bus:
        topic = await new_topic(bus, 12)
        await publish_until_done(bus, numbered(topic, 200, keys=50), within=10)
        for _ in range(2):
            both = [readers.start(broker.address, "ghosts", topic) for _ in range(2)]
            await eventually(lambda both=both: all(reader.lines("starting") for reader in both), within=60)
            await broker.kill()
            await broker.restart()

        await eventually(lambda: sum(reader.assigned() for reader in readers.all) == 12, within=60)
        await publish_until_done(bus, numbered(topic, 200, keys=50, start=200), within=30)
        await eventually(lambda: {value for *_, value in readers.effects()} == set(range(400)), within=60)

        async def one_member_each() -> bool:
            return await members_of(broker, "ghosts") == len(readers.all)

        await eventually(one_member_each, within=30, every=0.2)
        assert {partition for partition, *_ in readers.effects()} == set(range(12))
        assert [reader.process.poll() for reader in readers.all] == [None] * 4


async def test_a_commit_while_the_broker_is_down_is_lost_within_its_bound_and_harmless(broker: Broker) -> None:
    async with running(broker.address, timeout=TIMEOUT) as bus:
        topic = await new_topic(bus, 1)
        await bus.publish(numbered(topic, 10))
        async with bus.subscribe("commit", [topic], member="one") as subscription:
            batch = await eventually(lambda: subscription.fetch(max_records=10, timeout=0.5), within=20)
            await broker.kill()
            async with asyncio.timeout(BOUND):
                assert not await subscription.commit(next_offsets(batch))
            assert not await subscription.fetch(max_records=10, timeout=0.5)
            await broker.restart()

            async def stored() -> bool:
                return await subscription.commit({TopicPartition(topic, 0): 4})

            await eventually(stored, within=30, every=0.1)
        async with bus.subscribe("commit", [topic], member="two") as subscription:
            assert [d.offset for d in await read_until(subscription, 6)] == list(range(4, 10))


async def test_a_subscription_survives_the_outage_and_reads_on(broker: Broker) -> None:
    async with running(broker.address, timeout=TIMEOUT) as bus:
        topic = await new_topic(bus, 2)
        async with bus.subscribe("survive", [topic], member="m") as subscription:
            await bus.publish(numbered(topic, 10))
            await read_until(subscription, 10)
            await broker.kill()
            await broker.restart()
            await publish_until_done(bus, numbered(topic, 10, start=10), within=30)
            read = await read_until(subscription, 10, within=40)

    assert set(range(10, 20)) <= {int(d.value or b"") for d in read}


@pytest.mark.kafka
async def test_a_broker_that_does_not_answer_makes_a_publish_fail_in_bounded_time(kafka_server: KafkaServer) -> None:
    async with running(f"kafka:{kafka_server.bootstrap}", timeout=TIMEOUT) as bus:
        topic = await new_topic(bus, 1)
        await bus.publish(numbered(topic, 1))
        kafka_server.suspend()
        try:
            with pytest.raises(PublishFailed):
                async with asyncio.timeout(BOUND):
                    await bus.publish(numbered(topic, 10, start=1))
        finally:
            kafka_server.resume()
        await publish_until_done(bus, numbered(topic, 10, start=1), within=30)
        await publish_until_done(bus, numbered(topic, 10, start=11), within=30)
        async with bus.subscribe("suspended", [topic], member="m") as subscription:
            read = values_by_key(await read_until(subscription, 21))

    assert {n for numbers in read.values() for n in numbers} == set(range(21))
    assert all(in_order(numbers) for numbers in read.values())


async def test_a_log_that_is_locked_makes_a_publish_fail_in_bounded_time(durable_postgres) -> None:
    await durable_postgres.create_database("locked")
    async with running(f"postgres:{durable_postgres.url('locked')}", timeout=1.0) as bus:
        topic = await new_topic(bus, 1)
        blocker = await asyncpg.connect(durable_postgres.url("locked"))
        try:
            async with blocker.transaction():
                await blocker.execute("SELECT 1 FROM bus.partition FOR UPDATE")
                with pytest.raises(PublishFailed):
                    async with asyncio.timeout(BOUND):
                        await bus.publish(numbered(topic, 10))
        finally:
            await blocker.close()
        await bus.publish(numbered(topic, 10))


@pytest.mark.kafka
async def test_a_producer_that_the_broker_will_never_hear_again_is_replaced(kafka_server: KafkaServer) -> None:
    """R13: after OutOfOrderSequenceNumber aiokafka's producer sends nothing for ever."""
    async with running(f"kafka:{kafka_server.bootstrap}", timeout=TIMEOUT) as bus:
        assert isinstance(bus, KafkaBus)
        topic = await new_topic(bus, 1)
        await bus.publish(numbered(topic, 5))
        broken = bus._producer
        assert broken is not None
        numbers = broken._txn_manager._sequence_numbers
        for partition in numbers:
            numbers[partition] += 1_000

        failures = await publish_until_done(bus, numbered(topic, 5, start=5), within=20)

        assert failures > 0
        assert bus._producer is not broken
        async with bus.subscribe("replaced", [topic], member="m") as subscription:
            assert {int(d.value or b"") for d in await read_until(subscription, 10)} == set(range(10))


@pytest.mark.kafka
async def test_kafka_keeps_the_facts_of_the_organisation_for_ever_and_the_rest_as_long_as_it_does(
    kafka_server: KafkaServer,
) -> None:
    async with running(f"kafka:{kafka_server.bootstrap}") as bus:
        await bus.ensure_topics({topic: PARTITIONS[topic] for topic in (DIRECTORY, ORDERS)})
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka_server.bootstrap)
    await admin.start()
    try:
        wanted = [
            ConfigResource(ConfigResourceType.TOPIC, topic, {"retention.ms": ""}) for topic in (DIRECTORY, ORDERS)
        ]
        [answer] = await admin.describe_configs(wanted)
    finally:
        await admin.close()

    kept = {name: entries[0][1] for _, _, _, name, entries in answer.resources}
    assert kept[DIRECTORY] == "-1"
    assert int(kept[ORDERS]) > 0


@pytest.mark.kafka
async def test_a_message_that_only_the_broker_refuses_is_named_and_the_others_are_published(
    kafka_server: KafkaServer,
) -> None:
    async with running(f"kafka:{kafka_server.bootstrap}", max_message_bytes=10_000) as small:
        topic = await new_topic(small, 1)  # with a limit of its own, lower than the next publisher's
    async with running(f"kafka:{kafka_server.bootstrap}") as bus:
        with pytest.raises(MessageRefused) as refused:
            await bus.publish([*numbered(topic, 2), Message(topic, "large", os.urandom(500_000)), *numbered(topic, 1)])
        assert (refused.value.index, refused.value.key) == (2, "large")
        await bus.publish(numbered(topic, 1, start=2))
        async with bus.subscribe("refusing", [topic], member="m") as subscription:
            read = await read_until(subscription, 3)

    assert {int(d.value or b"") for d in read} == {0, 1, 2}


async def test_a_reader_cancelled_again_and_again_while_it_leaves_is_no_ghost(broker: Broker) -> None:
    async with running(broker.address) as bus:
        topic = await new_topic(bus, 4)

        async def read() -> None:
            async with bus.subscribe("cancelled", [topic], member="m") as subscription:
                while True:
                    await subscription.fetch(max_records=10, timeout=0.2)
                    if subscription.assignment():
                        seated.set()

        for _ in range(3):
            seated = asyncio.Event()
            async with asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(read())
                await asyncio.wait([tasks.create_task(seated.wait())], timeout=20)
                for _ in range(3):
                    reader.cancel()
                    await asyncio.sleep(0)

        async def nobody_is_left() -> bool:
            return await members_of(broker, "cancelled") == 0

        await eventually(nobody_is_left, within=3)
