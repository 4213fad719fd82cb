"""What publish promises, on both buses."""

import asyncio
from itertools import pairwise

import pytest
from aiokafka import AIOKafkaProducer

from shared.bus import (
    Bus,
    BusUnavailable,
    Message,
    MessageRefused,
    PartitionCountDiffers,
    PublishFailed,
    UnknownTopic,
)
from shared.bus.wire import MAX_MESSAGE_BYTES
from tests.support.bus import bus_at, in_order, new_topic, numbered, read_until, running, values_by_key
from tests.support.kafka import KafkaServer


async def test_the_messages_of_one_key_are_read_in_the_order_of_publishing(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=12)
    for start in range(0, 2_000, 250):
        await bus.publish(numbered(topic, 250, keys=37, start=start))

    async with bus.subscribe("order", [topic], member="m") as subscription:
        read = values_by_key(await read_until(subscription, 2_000))

    assert len(read) == 37
    for numbers in read.values():
        assert in_order(numbers)
    assert sorted(n for numbers in read.values() for n in numbers) == list(range(2_000))


async def test_a_key_always_goes_to_the_same_partition_and_keys_spread_over_all(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=4)
    await bus.publish(numbered(topic, 400, keys=100))
    await bus.publish(numbered(topic, 400, keys=100))

    async with bus.subscribe("spread", [topic], member="m") as subscription:
        read = await read_until(subscription, 800)

    where: dict[str | None, set[int]] = {}
    for delivery in read:
        where.setdefault(delivery.key, set()).add(delivery.partition)
    assert all(len(partitions) == 1 for partitions in where.values())
    assert set().union(*where.values()) == {0, 1, 2, 3}


async def test_offsets_count_up_within_a_partition(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=1)
    await bus.publish(numbered(topic, 50))

    async with bus.subscribe("offsets", [topic], member="m") as subscription:
        read = await read_until(subscription, 50)

    assert read[0].offset == 0
    assert all(after.offset == before.offset + 1 for before, after in pairwise(read))


async def test_key_value_and_headers_arrive_as_they_were_sent(bus: Bus) -> None:
    topic = await new_topic(bus)
    headers = {
        "ce_id": "1",
        "ce_type": "order.received.v1",
        "ce_subject": "工单-001",
        "content-type": "application/json",
    }
    value = '{"诉求":"路灯不亮"}'.encode()
    await bus.publish([Message(topic, "工单-001", value, headers)])

    async with bus.subscribe("whole", [topic], member="m") as subscription:
        [delivery] = await read_until(subscription, 1)

    assert delivery.key == "工单-001"
    assert delivery.raw_key == "工单-001".encode()
    assert delivery.value == value
    assert delivery.headers == {name: text.encode() for name, text in headers.items()}


async def test_a_value_that_is_not_text_is_transported_unchanged(bus: Bus) -> None:
    topic = await new_topic(bus)
    value = bytes(range(256))
    await bus.publish([Message(topic, "k\x00", value, {"odd": "\x00"}), Message(topic, "empty", b"", {})])

    async with bus.subscribe("bytes", [topic], member="m") as subscription:
        read = {delivery.key: delivery for delivery in await read_until(subscription, 2)}

    assert read["k\x00"].value == value
    assert read["k\x00"].headers == {"odd": b"\x00"}
    assert read["empty"].value == b""


@pytest.mark.kafka
async def test_the_bytes_of_a_foreign_publisher_are_transported_unchanged(kafka_server: KafkaServer) -> None:
    """Only Kafka can have foreign publishers: only the platform writes to the log table."""
    strange = AIOKafkaProducer(bootstrap_servers=kafka_server.bootstrap)
    async with running(f"kafka:{kafka_server.bootstrap}") as bus:
        topic = await new_topic(bus)
        await strange.start()
        try:
            headers = [("ce_id", b"\xff"), ("ce_id", b"\xfe")]
            await strange.send_and_wait(topic, b"\xff\xfe", key=b"\xff", headers=headers)
            await strange.send_and_wait(topic, None, key=b"gone")
            await strange.send_and_wait(topic, b"no key")
        finally:
            await strange.stop()

        async with bus.subscribe("strange", [topic], member="m") as subscription:
            read = {delivery.value: delivery for delivery in await read_until(subscription, 3)}

    assert read[b"\xff\xfe"].key is None
    assert read[b"\xff\xfe"].raw_key == b"\xff"
    assert read[b"\xff\xfe"].headers == {"ce_id": b"\xfe"}
    assert read[None].key == "gone"
    assert read[b"no key"].raw_key is None


@pytest.mark.parametrize("size", [MAX_MESSAGE_BYTES - 1, MAX_MESSAGE_BYTES])
async def test_a_message_up_to_the_limit_is_published(bus: Bus, size: int) -> None:
    topic = await new_topic(bus)
    await bus.publish([Message(topic, "k", bytes(size - 1)), Message(topic, "k", b"after")])

    async with bus.subscribe(f"large-{size}", [topic], member="m") as subscription:
        read = await read_until(subscription, 2)

    assert [len(delivery.value or b"") for delivery in read] == [size - 1, 5]


async def test_a_message_one_byte_too_large_is_refused_and_named_and_nothing_of_its_batch_is_sent(bus: Bus) -> None:
    topic = await new_topic(bus)
    good = Message(topic, "good", b"1")
    with pytest.raises(MessageRefused) as refused:
        await bus.publish([good, Message(topic, "k", bytes(MAX_MESSAGE_BYTES)), good])

    assert (refused.value.index, refused.value.key, refused.value.code) == (1, "k", "message_refused")
    await bus.publish([good])
    async with bus.subscribe("refused", [topic], member="m") as subscription:
        assert len(await read_until(subscription, 1)) == 1
        assert not await subscription.fetch(max_records=10, timeout=0.2)


@pytest.mark.parametrize("message", [("\ud800", {}), ("k", {"h": "\udfff"}), ("k", {"\udfff": "h"})])
async def test_a_key_or_header_without_a_utf8_form_is_refused(bus: Bus, message: tuple[str, dict[str, str]]) -> None:
    topic = await new_topic(bus)
    key, headers = message
    with pytest.raises(MessageRefused) as refused:
        await bus.publish([Message(topic, key, b"", headers)])

    assert refused.value.index == 0


async def test_publishing_no_messages_does_nothing(bus: Bus) -> None:
    await bus.publish([])


async def test_an_unknown_topic_is_a_clear_error_for_publisher_and_reader_and_is_not_created(bus: Bus) -> None:
    with pytest.raises(UnknownTopic) as unknown:
        await bus.publish([Message("never-made", "k", b"")])
    assert unknown.value.topic == "never-made"

    with pytest.raises(UnknownTopic):
        async with bus.subscribe("unknown", ["never-made"], member="m"):
            pass
    with pytest.raises(UnknownTopic):
        await bus.publish([Message("never-made", "k", b"")])


async def test_creating_a_topic_again_changes_nothing_and_another_size_is_an_error(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=3)
    await bus.publish(numbered(topic, 5))
    await bus.ensure_topics({topic: 3})

    with pytest.raises(PartitionCountDiffers) as differs:
        await bus.ensure_topics({topic: 4})

    assert (differs.value.topic, differs.value.wanted, differs.value.found) == (topic, 4, 3)
    async with bus.subscribe("again", [topic], member="m") as subscription:
        assert len(await read_until(subscription, 5)) == 5


async def test_many_topics_are_created_at_once_by_several_processes(bus_address: str, bus: Bus) -> None:
    wanted = {f"race-{id(bus)}-{n}": n + 1 for n in range(4)}
    other = bus_at(bus_address)
    await other.start()
    try:
        await asyncio.gather(bus.ensure_topics(wanted), other.ensure_topics(wanted), bus.ensure_topics(wanted))
        await other.publish([Message(topic, "k", b"") for topic in wanted])
    finally:
        await other.stop()


async def test_a_bus_that_was_not_started_or_is_stopped_says_so(bus_address: str) -> None:
    bus = bus_at(bus_address)
    await bus.start()
    topic = await new_topic(bus)
    await bus.ping()
    await bus.publish([Message(topic, "k", b"")])
    await bus.stop()

    with pytest.raises(PublishFailed):
        await bus.publish([Message(topic, "k", b"")])
    await bus.stop()


@pytest.mark.parametrize("address", ["kafka:127.0.0.1:1", "postgres:postgresql://nobody@127.0.0.1:1/none"])
async def test_a_bus_that_is_not_there_is_unavailable(address: str) -> None:
    bus = bus_at(address, timeout=2.0)
    with pytest.raises(BusUnavailable) as unavailable:
        await bus.start()
    assert unavailable.value.code == "bus_unavailable"
    await bus.stop()
