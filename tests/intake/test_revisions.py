"""A platform that numbers its revisions: an older one never overwrites a newer one (S1.1.4c)."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
import pytest

from services.intake.acceptance.errors import RevisionMissing, RevisionReused
from services.intake.acceptance.rules import Repeat, repeat_of
from services.intake.channels.policy import CHANNELS
from shared.contracts.intake import OrderUpdated
from shared.db import asyncpg_url
from shared.identity import Role
from tests.intake.upstream import Platform, an_order, intake_desk
from tests.support.postgres import DatabaseServer
from tests.support.service import Desk
from tests.support.waiting import eventually

pytestmark = pytest.mark.clause("S1.1.4c")

NUMBERED = [code for code, channel in CHANNELS.items() if channel.numbers_revisions]


def revised(channel: str, revision: Any, content: str, no: str = "B") -> dict[str, Any]:
    """The order in this revision, with this content."""
    names = CHANNELS[channel]
    changes = {names.theirs("upstream_no"): no, names.theirs("content"): content}
    return an_order(channel, **changes, **({} if revision is None else {names.theirs("revision"): revision}))


async def contents(desk: Desk) -> list[str]:
    """What the order's versions say, the oldest first."""
    [row] = await desk.rows("select order_id::text from upstream_order")
    answer = await desk.http.get(
        f"/api/intake/v1/orders/{row['order_id']}/versions", headers=desk.bearer(Role.DISPATCHER)
    )
    return [version["content"] for version in answer.json()]


@pytest.mark.parametrize(
    ("known", "pushed", "same", "found"),
    [
        (None, None, True, Repeat.SAME),
        (None, None, False, Repeat.NEWER),
        (None, 0, True, Repeat.SAME),
        (None, 0, False, Repeat.NEWER),
        (2, 3, True, Repeat.SAME),
        (2, 3, False, Repeat.NEWER),
        (2, 2, True, Repeat.SAME),
        (2, 1, True, Repeat.OLDER),
        (2, 1, False, Repeat.OLDER),
        (2, None, True, Repeat.SAME),
    ],
)
def test_the_number_and_the_content_say_what_a_repeat_is(
    known: int | None, pushed: int | None, same: bool, found: Repeat
) -> None:
    assert repeat_of(known, pushed, same=same) is found


def test_other_content_under_the_same_number_or_without_one_is_refused() -> None:
    with pytest.raises(RevisionReused) as reused:
        repeat_of(2, 2, same=False)
    with pytest.raises(RevisionMissing) as missing:
        repeat_of(2, None, same=False)

    assert reused.value.facts == missing.value.facts == {"revision": 2}
    assert reused.value.status == missing.value.status == 409


def test_the_national_platforms_number_no_revisions_and_the_others_do() -> None:
    assert NUMBERED == ["province_12345", "city_12345", "city_enterprise", "province_enterprise"]


@pytest.mark.parametrize("code", NUMBERED)
async def test_an_older_revision_is_known_already_and_the_answer_says_that_it_was_not_applied(
    code: str, postgres_server: DatabaseServer
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk, code)
        first = await platform.push(revised(code, 2, "第二次修订的内容，请处理"))
        older = await platform.push(revised(code, 1, "第一次修订的内容，请处理"), webhook_id="older")
        again = await platform.push(revised(code, 1, "第一次修订的内容，请处理"), webhook_id="older")
        newer = await platform.push(revised(code, "10", "第十次修订的内容，请处理"))
        older_than_the_newest = await platform.push(revised(code, 9, "第九次修订的内容，请处理"))

        known = {"order_id": first.json()["order_id"], "version": 1}
        assert (first.status_code, first.json()) == (201, known)
        assert older.status_code == again.status_code == 200
        assert older.json() == again.json()
        assert {name: older.json()[name] for name in known} == known
        assert older.json()["not_applied"] == "older_revision"
        assert "较早" in older.json()["detail"]
        assert again.headers["Idempotent-Replayed"] == "true"
        assert (newer.status_code, newer.json()) == (200, {**known, "version": 2})
        assert older_than_the_newest.json()["not_applied"] == "older_revision"
        assert await contents(desk) == ["第二次修订的内容，请处理", "第十次修订的内容，请处理"]
        assert [event.changed for event in await desk.told(OrderUpdated)] == [("content",)]


async def test_the_same_number_with_other_content_is_refused_and_may_be_sent_again_under_the_next(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(revised("city_12345", 2, "甲：请尽快处理"))
        same = await platform.push(revised("city_12345", 2, "甲：请尽快处理"))
        other = await platform.push(revised("city_12345", 2, "乙：请尽快处理"), webhook_id="m")
        unnumbered = await platform.push(revised("city_12345", None, "丙：请尽快处理"))
        mended = await platform.push(revised("city_12345", 3, "乙：请尽快处理"), webhook_id="m")

        assert (same.status_code, same.json()["version"]) == (200, 1)
        assert "not_applied" not in same.json()
        assert (other.status_code, other.json()["code"], other.json()["facts"]) == (
            409,
            "revision_reused",
            {"revision": 2},
        )
        assert (unnumbered.status_code, unnumbered.json()["code"]) == (409, "revision_missing")
        assert (mended.status_code, mended.json()["version"]) == (200, 2)
        assert not await desk.rows("select 1 from quarantine")


async def test_a_higher_number_with_the_same_content_is_no_new_version_and_counts_from_then_on(
    postgres_server: DatabaseServer,
) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(revised("city_12345", 2, "甲：请尽快处理"))
        same = await platform.push(revised("city_12345", 5, "甲：请尽快处理"))
        between = await platform.push(revised("city_12345", 4, "乙：请尽快处理"))

        assert same.json()["version"] == 1
        assert between.json()["not_applied"] == "older_revision"
        assert await desk.told(OrderUpdated) == []


@pytest.mark.parametrize("revision", ["v2", "2.5", 2.5, -1, True, 2**53, "９"])
async def test_a_number_that_is_none_is_refused(revision: Any, postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        answer = await Platform(desk).push(revised("city_12345", revision, "甲：请尽快处理"))

        assert answer.status_code == 422
        assert [fault["field"] for fault in answer.json()["errors"]] == ["version"]


async def test_revisions_that_arrive_together_end_with_the_newest(postgres_server: DatabaseServer) -> None:
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        numbers = [3, 1, 4, 2, 5, 0]
        answers = await asyncio.gather(
            *(platform.push(revised("city_12345", n, f"第{n}次修订，请处理")) for n in numbers)
        )

        assert {answer.status_code for answer in answers} == {200, 201}
        assert (await contents(desk))[-1] == "第5次修订，请处理"
        applied = [n for n, answer in zip(numbers, answers, strict=True) if "not_applied" not in answer.json()]
        assert applied == [3, 4, 5]


async def test_a_version_that_another_replica_is_storing_is_waited_for_and_counts(
    postgres_server: DatabaseServer,
) -> None:
    """What is compared is read after the lock, so that the version that came while waiting is seen."""
    async with intake_desk(postgres_server) as desk:
        platform = Platform(desk)
        await platform.push(revised("city_12345", 1, "甲：请尽快处理"))
        connection = await asyncpg.connect(asyncpg_url(desk.runtime.database_url))
        try:
            async with asyncio.TaskGroup() as group, connection.transaction():
                await connection.execute(
                    "update upstream_order set version = 2, platform_revision = 3, fingerprint = 'other'"
                )
                await connection.execute(
                    "insert into order_version select order_id, 2, received_at, category, changed, demand, details"
                    " from order_version"
                )
                older = group.create_task(platform.push(revised("city_12345", 2, "乙：请尽快处理")))
                newer = group.create_task(
                    platform.push({**revised("city_12345", 4, "丙：请尽快处理"), "orderNum": "B"})
                )

                async def waits() -> bool:
                    query = (
                        "select count(*) from pg_stat_activity where datname = current_database()"
                        " and wait_event_type = 'Lock'"
                    )
                    return bool(await connection.fetchval(query))

                await eventually(waits)
        finally:
            await connection.close()

        assert (older.result().status_code, older.result().json()["not_applied"]) == (200, "older_revision")
        assert (newer.result().status_code, newer.result().json()["version"]) == (200, 3)
