"""Drafts: what was typed is found again anywhere, by whoever typed it and nobody else; two tabs do not overwrite each other."""

import asyncio
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import text

from services.dispatch.drafts.jobs import sweep
from services.dispatch.drafts.policy import KEPT_FOR, LARGEST_BYTES, MOST_DRAFTS
from services.dispatch.drafts.rules import next_version
from shared.identity import DISTRICT_READERS, UNIT, Role
from shared.outbox.writer import new_id
from tests.dispatch.story import URBAN, WATER, Story
from tests.support.service import MONDAY_0900

pytestmark = pytest.mark.clause("S4.2a", "X2")

TYPED: dict[str, Any] = {
    "findings": "  垃圾已清运\n\t电话 13812345678 \u2028<script>alert(1)</script>\x00",
    "satisfied": False,
    "kinds": ["a", True, ""],
}


async def save(
    story: Story, order_id: str, content: Any, who: dict[str, str], *, form: str = "reply", version: Any = None
) -> httpx.Response:
    headers = {} if version is None else {"If-Match": version if version == "*" else f'"{version}"'}
    return await story.put(f"/drafts/{form}/{order_id}", content, who | headers)


async def read(story: Story, order_id: str, who: dict[str, str], form: str = "reply") -> httpx.Response:
    return await story.get(f"/drafts/{form}/{order_id}", who)


async def remove(story: Story, order_id: str, who: dict[str, str], **headers: str) -> httpx.Response:
    return await story.desk.http.delete(f"{story.base}/drafts/reply/{order_id}", headers={**who, **headers})


@pytest.mark.parametrize("role", [Role.DISPATCHER, Role.AUDITOR, Role.CASEWORKER])
async def test_what_was_typed_comes_back_as_it_was(story: Story, role: Role) -> None:
    order_id = await story.handled()
    who = story.desk.bearer(role, unit=URBAN if role in UNIT else None)

    none = await read(story, order_id, who)
    saved = await save(story, order_id, TYPED, who)
    found = await read(story, order_id, who)

    assert (none.status_code, none.json()["code"]) == (404, "draft_not_found")
    assert saved.status_code == 200, saved.text
    assert found.json() == {"content": TYPED, **saved.json()}
    assert found.headers["etag"] == saved.headers["etag"] == f'"{saved.json()["version"]}"'
    listed = (await story.get("/drafts", who)).json()
    assert listed == [{"order_id": order_id, "form": "reply", **saved.json()}]


async def test_nobody_else_reads_a_draft_whatever_role_he_has(story: Story) -> None:
    order_id = await story.handled()
    assert (await save(story, order_id, TYPED, story.desk.bearer(Role.CASEWORKER, unit=URBAN, account="a"))).is_success

    for role in sorted(frozenset(Role) - {Role.SYSTEM}):
        who = story.desk.bearer(role, unit=URBAN if role in UNIT else None, account="b")
        assert (await read(story, order_id, who)).status_code in {403, 404}, role
        listed = await story.get("/drafts", who)
        assert listed.json() == [] if role in DISTRICT_READERS | UNIT else listed.status_code == 403, role
    # Nor does whoever has the same account, and another unit or none by now.
    for who in (
        story.desk.bearer(Role.DISPATCHER, account="a"),
        story.desk.bearer(Role.UNIT_HEAD, unit=WATER, account="a"),
    ):
        assert (await read(story, order_id, who)).status_code == 404


async def test_a_draft_is_sealed_for_its_person_order_and_form(story: Story) -> None:
    order_id, other = await story.handled(), await story.handled()
    own, another = (story.desk.bearer(Role.DISPATCHER, account=name) for name in ("a", "b"))
    await save(story, order_id, TYPED, own)
    await save(story, order_id, {"x": "1"}, another)
    await save(story, other, {"x": "1"}, own)
    stored = await story.desk.rows("select account, content from draft")

    async with story.desk.runtime.works.begin() as work:  # an operator copies it into other rows
        stolen = next(row["content"] for row in stored if row["account"] == "a")
        await work.session.execute(text("update draft set content = :content"), {"content": stolen})

    assert not any("13812345678" in row["content"] for row in stored)
    assert (await read(story, order_id, own)).is_success
    assert [(await read(story, order_id, another)).status_code, (await read(story, other, own)).status_code] == [
        500,
        500,
    ]


async def test_no_draft_is_kept_of_an_order_that_the_person_does_not_see(story: Story) -> None:
    order_id, unknown = await story.handled(), str(new_id())

    for who in (story.caseworker(WATER), story.desk.bearer(Role.CASEWORKER, unit=WATER)):
        for target in (order_id, unknown):
            answers = [await save(story, target, TYPED, who), await read(story, target, who)]
            answers.append(await remove(story, target, who))
            assert [(one.status_code, one.json()["code"]) for one in answers] == [(404, "order_not_found")] * 3
    assert (await save(story, unknown, TYPED, story.dispatcher)).status_code == 404
    assert await story.desk.rows("select 1 from draft") == []


async def test_two_tabs_do_not_overwrite_each_other_silently(story: Story) -> None:
    order_id = await story.handled()
    story.desk.clock.set(story.now, rate=1.0)  # runs while a request is answered
    who = story.caseworker()
    first = (await save(story, order_id, {"x": "0"}, who)).json()["version"]

    mine = await save(story, order_id, {"x": "1"}, who, version=first)
    theirs = await save(story, order_id, {"x": "2"}, who, version=first)
    blind = await save(story, order_id, {"x": "3"}, who)
    kept = (await read(story, order_id, who)).json()
    forced = await save(story, order_id, {"x": "4"}, who, version="*")

    assert mine.json()["version"] > first
    for refused in (theirs, blind):
        assert (refused.status_code, refused.json()["code"]) == (409, "draft_changed")
        assert refused.json()["facts"]["version"] == mine.json()["version"]
        assert refused.json()["facts"]["changed_at"]
    assert kept == {"content": {"x": "1"}, **mine.json()}
    assert forced.is_success
    assert (await read(story, order_id, who)).json()["content"] == {"x": "4"}


async def test_the_same_content_again_is_stored_already_whatever_version_the_repetition_names(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    answers = [await save(story, order_id, content, who) for content in ({"x": "1", "y": "2"}, {"y": "2", "x": "1"})]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert answers[0].json() == answers[1].json()


async def test_tabs_that_save_a_first_draft_at_once_are_told_of_each_other(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()

    answers = await asyncio.gather(*(save(story, order_id, {"x": str(n)}, who) for n in range(5)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 4


async def test_a_draft_that_was_sent_is_not_brought_back_by_another_tab(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    version = (await save(story, order_id, {"x": "1"}, who)).json()["version"]
    gone = [await remove(story, order_id, who) for _ in range(2)]

    late = await save(story, order_id, {"x": "2"}, who, version=version)
    story.pass_time(seconds=1)
    anew = await save(story, order_id, {"x": "3"}, who)
    later = await save(story, order_id, {"x": "2"}, who, version=version)

    assert [answer.status_code for answer in gone] == [204, 204]
    assert (late.status_code, late.json()["facts"]) == (409, {"version": None, "changed_at": None})
    assert anew.is_success
    assert later.status_code == 409


async def test_a_draft_is_removed_as_it_was_read_if_that_is_asked_for(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    version = (await save(story, order_id, {"x": "1"}, who)).json()["version"]

    other = await remove(story, order_id, who, **{"If-Match": f'"{version - 1}"'})
    same = await remove(story, order_id, who, **{"If-Match": f'"{version}"'})

    assert (other.status_code, other.json()["code"], same.status_code) == (409, "draft_changed", 204)


async def test_a_paste_of_a_hundred_thousand_characters_fits_and_more_than_the_limit_does_not(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    room = LARGEST_BYTES - len('{"x":""}')

    pasted = await save(story, order_id, {"x": "工" * 100_000}, who)
    last = await save(story, order_id, {"x": "工" * (room // 3)}, who, version="*")
    over = await save(story, order_id, {"x": "工" * (room // 3) + "abc"}, who, version="*")

    assert (pasted.status_code, last.status_code) == (200, 200)
    assert (over.status_code, over.json()["code"]) == (422, "draft_too_large")
    assert len((await read(story, order_id, who)).json()["content"]["x"]) == room // 3


@pytest.mark.parametrize(
    "content",
    [
        [],
        "text",
        None,
        {"x": 1},
        {"x": None},
        {"x": {"y": "z"}},
        {"x": [1]},
        {"x": [["y"]]},
        {"": "y"},
        {"姓名": "y"},
        {"x" * 65: "y"},
        {f"x{n}": "y" for n in range(101)},
        {"x": ["y"] * 201},
    ],
    ids=lambda content: repr(content)[:20],
)
async def test_what_no_form_holds_is_refused(story: Story, content: Any) -> None:
    answer = await save(story, await story.handled(), content, story.caseworker())

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_request")


@pytest.mark.parametrize("body", [b'{"x": "\\ud800"}', b'{"x": "a", "x": "b"}', b'{"x": '])
async def test_what_is_no_text_is_refused(story: Story, body: bytes) -> None:
    headers = {**story.caseworker(), "Content-Type": "application/json"}
    address = f"{story.base}/drafts/reply/{await story.handled()}"

    assert (await story.desk.http.put(address, content=body, headers=headers)).status_code == 422


async def test_a_person_has_a_bounded_number_of_drafts(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    async with story.desk.runtime.works.begin() as work:
        await work.session.execute(
            text(
                "insert into draft (account, unit, order_id, form, content, version, changed_at) "
                "select 'caseworker-urban', 'urban', :order_id, 'f' || n, 'sealed', n, now() from generate_series(2, :most) n"
            ),
            {"order_id": order_id, "most": MOST_DRAFTS},
        )

    last = await save(story, order_id, {"x": "1"}, who)
    over = await save(story, order_id, {"x": "1"}, who, form="note")
    changed = await save(story, order_id, {"x": "2"}, who, version=last.json()["version"])

    assert (last.status_code, changed.status_code) == (200, 200)
    assert (over.status_code, over.json()["code"]) == (409, "too_many_drafts")
    assert (await save(story, order_id, {"x": "1"}, story.desk.bearer(Role.UNIT_HEAD, unit=URBAN))).is_success


async def test_a_draft_is_kept_for_thirty_days_after_its_last_change(story: Story) -> None:
    order_id = await story.handled()
    who = story.caseworker()
    version = (await save(story, order_id, {"x": "1"}, who)).json()["version"]
    story.pass_time(days=29)
    await save(story, order_id, {"x": "2"}, story.caseworker(), version=version)
    story.pass_time(seconds=KEPT_FOR.total_seconds())
    kept = await sweep(story.desk.runtime)
    story.pass_time(seconds=1)

    assert timedelta(days=30) == KEPT_FOR
    assert (kept, await sweep(story.desk.runtime)) == (0, 1)
    assert (await read(story, order_id, story.caseworker())).status_code == 404


async def test_nothing_of_a_draft_is_in_the_history_or_in_events(story: Story) -> None:
    order_id = await story.handled()
    before = len(await story.desk.told()), len(await story.desk.rows("select 1 from audit"))
    version = (await save(story, order_id, TYPED, story.caseworker())).json()["version"]
    await save(story, order_id, {"x": "1"}, story.caseworker(), version=version)
    await remove(story, order_id, story.caseworker())

    assert (len(await story.desk.told()), len(await story.desk.rows("select 1 from audit"))) == before


async def test_the_database_shows_a_unit_no_draft_of_another(story: Story) -> None:
    order_id = await story.handled()
    await save(story, order_id, TYPED, story.caseworker())
    stranger = story.desk.person(Role.CASEWORKER, unit=WATER)

    async with story.desk.runtime.works.begin(stranger) as work:
        seen = (await work.session.execute(text("select 1 from draft"))).all()
        gone = await work.session.execute(text("delete from draft returning 1"))
        assert (seen, gone.all()) == ([], [])
    with pytest.raises(Exception, match="row-level security"):
        async with story.desk.runtime.works.begin(stranger) as work:
            await work.session.execute(
                text("insert into draft values ('a', 'urban', :order_id, 'note', 'x', 1, now())"),
                {"order_id": order_id},
            )


def test_the_next_version_is_later_than_the_one_before_also_within_a_millisecond_or_when_the_clock_was_set_back() -> (
    None
):
    moment = int(MONDAY_0900.timestamp() * 1000)

    assert next_version(None, now=MONDAY_0900) == next_version(moment - 5, now=MONDAY_0900) == moment
    assert next_version(moment, now=MONDAY_0900) == moment + 1
    assert next_version(moment + 9, now=MONDAY_0900) == moment + 10
