"""A commit wakes the jobs that wait for what it did; a rollback wakes nobody."""

from __future__ import annotations

import pytest

from shared.wakes import EVENTS_WRITTEN, Wakes
from tests.kernel.tiny import Tiny


def test_everybody_who_waits_for_a_name_has_an_event_of_his_own() -> None:
    wakes = Wakes()
    first, second, other = wakes.waiting_for("a"), wakes.waiting_for("a"), wakes.waiting_for("b")

    wakes.wake(["a", "nobody waits for this"])

    assert (first.is_set(), second.is_set(), other.is_set()) == (True, True, False)
    first.clear()
    assert second.is_set()


async def test_a_handler_wakes_a_job_after_the_commit(tiny: Tiny) -> None:
    job, told = tiny.runtime.works.wakes.waiting_for("job"), tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN)
    async with tiny.runtime.works.begin() as work:
        work.wake("job")
        assert not job.is_set()

    assert job.is_set()
    assert not told.is_set()


async def test_a_rollback_wakes_nobody(tiny: Tiny) -> None:
    job = tiny.runtime.works.wakes.waiting_for("job")
    with pytest.raises(ZeroDivisionError):  # noqa: PT012 - the end of the block is what is looked at
        async with tiny.runtime.works.begin() as work:
            work.wake("job")
            raise ZeroDivisionError

    assert not job.is_set()


async def test_what_is_read_once_is_read_again_when_the_transaction_has_changed_it(tiny: Tiny) -> None:
    asked = []

    async def read(_: object) -> int:
        asked.append(1)
        return len(asked)

    async with tiny.runtime.works.begin() as work:
        assert [await work.once(read), await work.once(read)] == [1, 1]
        work.forget(read)
        assert await work.once(read) == 2
