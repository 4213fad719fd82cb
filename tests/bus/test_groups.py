"""Several members of one group: sharing, joining, leaving, dying and being stopped, on both buses."""

import contextlib
import signal

import pytest

from shared.bus import Bus, TopicPartition
from tests.support.bus import LEASE, Readers, in_order, new_topic, numbered, read_until, running
from tests.support.waiting import eventually

PARTITIONS = 4
#: A silent member's partitions must be with others after its lease and one round of the group, which takes its time
#: on a busy machine. A lease that was not ours (45 s) would still be found.
REPLACED_WITHIN = 5 * LEASE
#: A lease long enough to tell a member that leaves from one that falls silent: heartbeats go out four times in a lease,
#: so that a silent one is struck off after three quarters of it at the earliest.
LONG_LEASE = 20.0
LEFT_WITHIN = 14.0


async def test_two_members_share_the_partitions_and_a_leaver_gives_its_own_back_at_once(
    bus_address: str,
) -> None:
    async with running(bus_address, lease=LONG_LEASE) as bus, contextlib.AsyncExitStack() as first_stack:
        topic = await new_topic(bus, PARTITIONS)
        first = await first_stack.enter_async_context(bus.subscribe("share", [topic], member="first"))

        async def only_first() -> bool:
            await first.fetch(max_records=10, timeout=0.05)
            return len(first.assignment()) == PARTITIONS

        await eventually(only_first, within=20)
        async with bus.subscribe("share", [topic], member="second") as second:

            async def halves() -> bool:
                await first.fetch(max_records=10, timeout=0.05)
                await second.fetch(max_records=10, timeout=0.05)
                return len(first.assignment()) == len(second.assignment()) == PARTITIONS // 2

            await eventually(halves, within=20)
            assert not first.assignment() & second.assignment()
        await eventually(only_first, within=LEFT_WITHIN)


async def test_of_two_members_on_one_partition_the_idle_one_takes_over_when_the_other_leaves(bus: Bus) -> None:
    topic = await new_topic(bus, 1)
    async with contextlib.AsyncExitStack() as one, contextlib.AsyncExitStack() as other:
        stacks = [one, other]
        members = [await stack.enter_async_context(bus.subscribe("idle", [topic], member="m")) for stack in stacks]

        async def settled() -> bool:
            for member in members:
                await member.fetch(max_records=1, timeout=0.05)
            return sorted(len(member.assignment()) for member in members) == [0, 1]

        await eventually(settled, within=20)
        busy = next(place for place, member in enumerate(members) if member.assignment())
        await stacks[busy].aclose()
        await bus.publish(numbered(topic, 5))

        assert len(await read_until(members[1 - busy], 5)) == 5


async def test_each_message_is_handled_while_members_join_and_leave(
    bus_address: str, bus: Bus, readers: Readers
) -> None:
    topic = await new_topic(bus, PARTITIONS)
    await bus.publish(numbered(topic, 500))
    first = readers.start(bus_address, "rebalance", topic)
    await eventually(lambda: len(first.effects()) > 0, within=30)
    second = readers.start(bus_address, "rebalance", topic)
    await eventually(lambda: first.assigned() == second.assigned() == PARTITIONS // 2, within=30)
    await bus.publish(numbered(topic, 500, start=500))
    await eventually(lambda: len(second.effects()) > 0, within=30)
    second.send(signal.SIGTERM)
    await bus.publish(numbered(topic, 500, start=1_000))

    await eventually(lambda: {value for *_, value in readers.effects()} == set(range(1_500)), within=40)


@pytest.mark.kill
async def test_a_member_killed_between_effect_and_commit_is_replaced_and_nothing_is_missed(
    bus_address: str, bus: Bus, readers: Readers
) -> None:
    topic = await new_topic(bus, PARTITIONS)
    await bus.publish(numbered(topic, 200))
    victim = readers.start(bus_address, "killed", topic, hold=True)
    await eventually(lambda: victim.lines("holding"), within=30)
    victim.end()
    handled = {(partition, offset) for partition, offset, *_ in victim.effects()}
    assert handled

    heir = readers.start(bus_address, "killed", topic)
    await eventually(lambda: heir.assigned() == PARTITIONS, within=REPLACED_WITHIN)
    await eventually(lambda: {value for *_, value in heir.effects()} == set(range(200)), within=30)

    again = handled & {(partition, offset) for partition, offset, *_ in heir.effects()}
    assert again == handled, "what was done but not committed comes again: at least once"


@pytest.mark.kill
async def test_a_member_that_vanishes_is_replaced_by_the_one_that_stays(
    bus_address: str, bus: Bus, readers: Readers
) -> None:
    topic = await new_topic(bus, PARTITIONS)
    stays = readers.start(bus_address, "vanish", topic)
    vanishes = readers.start(bus_address, "vanish", topic)
    await eventually(lambda: stays.assigned() == vanishes.assigned() == PARTITIONS // 2, within=30)

    vanishes.end()
    await bus.publish(numbered(topic, 100))
    await eventually(lambda: {value for *_, value in readers.effects()} == set(range(100)), within=REPLACED_WITHIN)

    for numbers in _by_key(stays.effects()).values():
        assert in_order(numbers)


@pytest.mark.kill
async def test_a_stopped_member_loses_its_partitions_and_its_late_commit_is_refused(
    bus_address: str, bus: Bus, readers: Readers
) -> None:
    topic = await new_topic(bus, PARTITIONS)
    sleeper = readers.start(bus_address, "stopped", topic, hold=True)
    await eventually(lambda: sleeper.assigned() == PARTITIONS, within=30)
    await bus.publish(numbered(topic, 200))
    await eventually(lambda: sleeper.lines("holding"), within=30)

    sleeper.send(signal.SIGSTOP)
    heir = readers.start(bus_address, "stopped", topic)
    await eventually(lambda: heir.assigned() == PARTITIONS, within=REPLACED_WITHIN)
    await eventually(lambda: {value for *_, value in heir.effects()} == set(range(200)), within=30)

    sleeper.go.touch()
    sleeper.send(signal.SIGCONT)
    await eventually(lambda: sleeper.lines("commit"), within=30)
    assert sleeper.lines("commit")[0]["stored"] is False
    # Awake again it is an ordinary member: it takes its share and reads on.
    await eventually(lambda: sleeper.assigned() + heir.assigned() == PARTITIONS and sleeper.assigned() > 0, within=30)
    await bus.publish(numbered(topic, 100, start=200))
    await eventually(lambda: {value for *_, value in readers.effects()} == set(range(300)), within=30)


async def test_a_reader_that_fetches_no_more_loses_its_seat(bus_address: str) -> None:
    async with running(bus_address, max_poll_interval=2.0) as bus:
        topic = await new_topic(bus, 2)
        await bus.publish(numbered(topic, 40))
        async with bus.subscribe("stuck", [topic], member="stuck") as stuck:
            read = await read_until(stuck, 40, commit=False)
            async with bus.subscribe("stuck", [topic], member="heir") as heir:
                assert await read_until(heir, 40, within=REPLACED_WITHIN)
                assert len(heir.assignment()) == 2
                assert not await stuck.commit({TopicPartition(d.topic, d.partition): d.offset + 1 for d in read})


def _by_key(effects: list[tuple[int, int, str, int]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for _, _, key, value in effects:
        found.setdefault(key, []).append(value)
    return found
