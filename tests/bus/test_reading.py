"""What a subscription promises to one reader, on both buses."""

import pytest

from shared.bus import Bus, Message, TopicPartition
from tests.support.bus import new_topic, next_offsets, numbered, read_until, running
from tests.support.waiting import eventually


async def test_a_new_group_reads_from_the_beginning(bus: Bus) -> None:
    topic = await new_topic(bus)
    await bus.publish(numbered(topic, 100))

    for group in ("first", "second"):
        async with bus.subscribe(group, [topic], member="m") as subscription:
            read = await read_until(subscription, 100)
            assert sorted(int(d.value or b"") for d in read) == list(range(100))


async def test_what_was_committed_is_not_read_again_and_what_was_not_is(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=1)
    await bus.publish(numbered(topic, 30))

    async with bus.subscribe("resume", [topic], member="one") as subscription:
        await read_until(subscription, 10, commit=False, max_records=10)
        assert await subscription.commit({TopicPartition(topic, 0): 10})
        await read_until(subscription, 20, commit=False, max_records=20)
    async with bus.subscribe("resume", [topic], member="two") as subscription:
        read = await read_until(subscription, 20)

    assert [int(d.value or b"") for d in read] == list(range(10, 30))


async def test_a_failed_batch_is_read_again_after_rewinding(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=1)
    await bus.publish(numbered(topic, 20))

    async with bus.subscribe("rewind", [topic], member="m") as subscription:
        first = await read_until(subscription, 20, commit=False)
        await subscription.rewind(TopicPartition(topic, 0), 5)
        again = await read_until(subscription, 15, commit=False)

    assert [d.offset for d in first] == list(range(20))
    assert [d.offset for d in again] == list(range(5, 20))


async def test_rewinding_or_committing_a_partition_of_another_member_does_nothing(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=1)
    await bus.publish(numbered(topic, 3))

    async with bus.subscribe("foreign", [topic], member="m") as subscription:
        batch = await eventually(lambda: subscription.fetch(max_records=10, timeout=0.5), within=20)
        await subscription.rewind(TopicPartition(topic, 7), 0)
        assert not await subscription.commit({TopicPartition(topic, 7): 1})
        assert not await subscription.commit({**next_offsets(batch), TopicPartition(topic, 7): 1})
        assert await subscription.commit({})


async def test_no_more_messages_are_handed_out_than_asked_for(bus: Bus) -> None:
    topic = await new_topic(bus)
    await bus.publish(numbered(topic, 200))

    async with bus.subscribe("bounded", [topic], member="m") as subscription:
        read = 0
        while read < 200:
            batch = await subscription.fetch(max_records=7, timeout=5)
            count = sum(map(len, batch.values()))
            assert count <= 7
            read += count


async def test_a_waiting_reader_gets_a_message_soon_after_it_is_published(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=1)
    async with bus.subscribe("soon", [topic], member="m") as subscription:
        await bus.publish([Message(topic, "k", b"first")])
        await read_until(subscription, 1)
        await bus.publish([Message(topic, "k", b"second")])
        batch = await subscription.fetch(max_records=10, timeout=0.9)

    assert [d.value for d in batch[TopicPartition(topic, 0)]] == [b"second"]


async def test_the_lag_is_what_the_group_has_not_committed(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=2)
    await bus.publish(numbered(topic, 40))

    async with bus.subscribe("lag", [topic], member="m") as subscription:
        batch = await eventually(lambda: subscription.fetch(max_records=15, timeout=0.5), within=20)
        await eventually(lambda: len(subscription.assignment()) == 2)
        assert sum((await subscription.lag()).values()) == 40
        assert await subscription.commit(next_offsets(batch))
        assert sum((await subscription.lag()).values()) == 40 - sum(map(len, batch.values()))
        await read_until(subscription, 40 - sum(map(len, batch.values())))
        assert await subscription.lag() == {TopicPartition(topic, 0): 0, TopicPartition(topic, 1): 0}


async def test_one_subscription_reads_several_topics(bus: Bus) -> None:
    first, second = await new_topic(bus, 3), await new_topic(bus, 1)
    await bus.publish([*numbered(first, 30), *numbered(second, 30)])

    async with bus.subscribe("both", [first, second], member="m") as subscription:
        read = await read_until(subscription, 60)
        assert len(subscription.assignment()) == 4

    assert {d.topic for d in read} == {first, second}


async def test_an_error_of_the_reader_leaves_the_subscription_as_it_is(bus: Bus) -> None:
    topic = await new_topic(bus)
    with pytest.raises(ZeroDivisionError):
        async with bus.subscribe("error", [topic], member="m"):
            raise ZeroDivisionError


async def test_no_busy_partition_starves_another(bus: Bus) -> None:
    topic = await new_topic(bus, partitions=4)
    await bus.publish(numbered(topic, 2_000, keys=1))
    await bus.publish([Message(topic, f"rare-{n}", b"0") for n in range(40)])

    async with bus.subscribe("starving", [topic], member="m") as subscription:
        seen: set[int] = set()
        read = 0
        while len(seen) < 4:
            batch = await subscription.fetch(max_records=100, timeout=5)
            seen |= {tp.partition for tp in batch}
            read += sum(map(len, batch.values()))

    assert read < 2_000


async def test_messages_are_kept_after_the_bus_object_was_stopped(bus_address: str, bus: Bus) -> None:
    topic = await new_topic(bus)
    await bus.publish(numbered(topic, 10))
    await bus.stop()

    async with running(bus_address) as later, later.subscribe("later", [topic], member="m") as subscription:
        assert len(await read_until(subscription, 10)) == 10
