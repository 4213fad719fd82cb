"""The unit of work behind a route: committed before the answer, rolled back on a refusal, audited, once per key."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from shared.contracts.intake import OrderUrged
from shared.identity import Person, Role
from shared.wakes import EVENTS_WRITTEN
from tests.kernel.tiny import Tiny
from tests.support.waiting import eventually

PARALLEL = 20


async def add(tiny: Tiny, key: str = "a", *, idempotency_key: str | None = None, **more: Any) -> Any:
    headers = dict(tiny.dispatcher)
    if idempotency_key is not None:
        headers["Idempotency-Key"] = idempotency_key
    return await tiny.http.post("/v1/things", json={"key": key, **more}, headers=headers)


async def things(tiny: Tiny) -> int:
    return int(await tiny.one("select count(*) from thing"))


async def test_the_effect_the_event_and_the_audit_row_are_there_when_the_answer_is(tiny: Tiny) -> None:
    answer = await add(tiny)
    assert answer.status_code == 201
    assert await things(tiny) == 1
    (event,) = await tiny.rows("select headers, aggregateid, sequence from outbox")
    (audit,) = await tiny.rows("select * from audit")
    assert (event["aggregateid"], event["sequence"]) == ("a", 1)
    assert event["headers"]["actor"] == audit["actor"] == "someone"
    assert (audit["role"], audit["action"], audit["after"]) == ("dispatcher", "thing.added", {"small": 0})
    assert event["headers"]["correlationid"] == audit["correlation"]


@pytest.mark.clause("X1")
async def test_what_the_platform_decides_by_itself_is_its_own_and_keeps_its_cause(tiny: Tiny) -> None:
    someone = Person(account="someone", name="someone", roles=frozenset({Role.DISPATCHER}), unit="u1")
    async with tiny.runtime.works.begin(someone, correlation="the-request") as work:
        for block in (nullcontext(), work.by_itself(), nullcontext()):
            with block:
                work.emit(OrderUrged(order_id="a", urged_at=work.now))
                work.audit("thing.changed", "a")

    events = [row["headers"] for row in await tiny.rows("select headers from outbox order by position")]
    trail = await tiny.rows("select actor, role, unit, correlation from audit order by id")
    assert [one["actor"] for one in events] == ["someone", "system", "someone"]
    assert [(one["actorrole"], one.get("actorunit")) for one in events][:2] == [("dispatcher", "u1"), ("system", None)]
    assert [(one["actor"], one["role"], one["unit"]) for one in trail][:2] == [
        ("someone", "dispatcher", "u1"),
        ("system", "system", None),
    ]
    assert {one["correlationid"] for one in events} == {one["correlation"] for one in trail} == {"the-request"}


async def test_a_commit_that_fails_is_never_answered_with_success(tiny: Tiny) -> None:
    """With FastAPI's default the client would have its 201 before the commit is tried (R1)."""
    told = tiny.runtime.works.wakes.waiting_for(EVENTS_WRITTEN)
    answer = await add(tiny, "late-1")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal"
    assert await things(tiny) == 0
    assert await tiny.one("select count(*) from outbox") == 0
    assert not told.is_set()


async def test_a_commit_that_fails_leaves_its_idempotency_key_free(tiny: Tiny) -> None:
    assert (await add(tiny, "late-1", idempotency_key="k")).status_code == 500
    assert await tiny.one("select count(*) from idempotency") == 0


async def test_a_refusal_rolls_everything_back(tiny: Tiny) -> None:
    answer = await add(tiny, refuse=True, idempotency_key="k")
    assert (answer.status_code, answer.json()["code"]) == (409, "tiny_refusal")
    for table in ("thing", "outbox", "stream", "audit", "idempotency"):
        assert await tiny.one(f"select count(*) from {table}") == 0, table


@pytest.mark.parametrize(
    "statement",
    [
        "update audit set actor = 'nobody'",
        "update audit set actor = 'nobody' where false",
        "delete from audit",
        "truncate audit",
    ],
)
async def test_the_audit_trail_refuses_every_change(tiny: Tiny, statement: str) -> None:
    await add(tiny)
    with pytest.raises(DBAPIError):
        await tiny.execute(statement)
    assert await tiny.one("select actor from audit") == "someone"


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ('"1"', 204, None),
        (None, 204, None),
        ('"2"', 409, "changed_meanwhile"),
        ("*", 204, None),
        ("1", 422, "bad_if_match"),
        ('W/"1"', 422, "bad_if_match"),
        ('"1", "2"', 422, "bad_if_match"),
        ('"1', 422, "bad_if_match"),
        ("", 422, "bad_if_match"),
        ('"' + "9" * 18 + '"', 409, "changed_meanwhile"),
        ('"' + "9" * 19 + '"', 422, "bad_if_match"),
    ],
)
async def test_an_edit_names_the_version_that_it_read(
    tiny: Tiny, sent: str | None, status: int, code: str | None
) -> None:
    await add(tiny)
    headers = {**tiny.dispatcher, **({"If-Match": sent} if sent is not None else {})}
    answer = await tiny.http.put("/v1/things/a", headers=headers)
    assert answer.status_code == status
    if code is None:
        assert answer.headers["etag"] == '"2"'
    else:
        assert answer.json()["code"] == code
        assert await tiny.one("select version from thing") == 1


async def test_of_two_edits_of_one_version_the_second_is_refused(tiny: Tiny) -> None:
    await add(tiny)
    headers = {**tiny.dispatcher, "If-Match": '"1"'}
    answers = await asyncio.gather(*(tiny.http.put("/v1/things/a", headers=headers) for _ in range(4)))
    assert sorted(answer.status_code for answer in answers) == [204, 409, 409, 409]


async def test_twenty_parallel_requests_with_one_key_and_body_have_one_effect_and_one_answer(tiny: Tiny) -> None:
    answers = await asyncio.gather(*(add(tiny, idempotency_key="k") for _ in range(PARALLEL)))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == PARALLEL - 1
    assert await things(tiny) == 1
    assert await tiny.one("select count(*) from outbox") == 1


async def test_a_key_that_comes_back_with_another_body_is_refused(tiny: Tiny) -> None:
    await add(tiny, "a", idempotency_key="k")
    answer = await add(tiny, "b", idempotency_key="k")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert await things(tiny) == 1


async def test_twenty_parallel_requests_with_one_key_and_different_bodies_have_one_effect(tiny: Tiny) -> None:
    answers = await asyncio.gather(*(add(tiny, f"thing-{n}", idempotency_key="k") for n in range(PARALLEL)))
    assert sorted(answer.status_code for answer in answers) == [201] + [422] * (PARALLEL - 1)
    assert await things(tiny) == 1


async def test_a_key_belongs_to_its_caller(tiny: Tiny) -> None:
    first = await add(tiny, "a", idempotency_key="k")
    other = {**tiny.bearer(Role.DISPATCHER, account="other"), "Idempotency-Key": "k"}
    second = await tiny.http.post("/v1/things", json={"key": "b"}, headers=other)
    assert second.status_code == 201
    assert second.content != first.content


async def test_of_two_requests_at_the_same_time_one_takes_effect_and_the_other_gets_its_answer(tiny: Tiny) -> None:
    person = Person(account="someone", name="someone", roles=frozenset({Role.DISPATCHER}))
    async with asyncio.TaskGroup() as group, tiny.runtime.works.begin(person) as work:
        await work.session.execute(text("insert into thing (key) values ('a')"))
        first = group.create_task(add(tiny, "a", idempotency_key="k"))  # waits for the row above

        async def waiting(many: int) -> bool:
            # Other tests may use the same server.
            query = (
                "select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
            )
            return bool(await tiny.one(query) >= many)

        await eventually(lambda: waiting(1))
        second = group.create_task(add(tiny, "a", idempotency_key="k"))
        await eventually(lambda: waiting(2))
        assert not first.done()
        assert not second.done()
        await work.session.execute(text("delete from thing"))
    answers = (first.result(), second.result())
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].content == answers[1].content
    assert [answer.headers.get("idempotent-replayed") for answer in answers].count("true") == 1
    assert await things(tiny) == 1


async def test_a_command_that_fails_leaves_its_key_for_another_try(tiny: Tiny) -> None:
    assert (await add(tiny, refuse=True, idempotency_key="k")).status_code == 409
    assert (await add(tiny, small=0, idempotency_key="k")).status_code == 201
    assert await things(tiny) == 1


@pytest.mark.parametrize("key", ["", "k" * 129, "tab\tbed", "schlüssel".encode().decode("latin-1")])
async def test_an_absurd_idempotency_key_is_refused(tiny: Tiny, key: str) -> None:
    headers = [*tiny.dispatcher.items(), ("Idempotency-Key", key.encode("latin-1"))]
    answer = await tiny.http.post("/v1/things", json={"key": "a"}, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_idempotency_key")


async def test_location_and_etag_are_replayed_with_the_answer(tiny: Tiny) -> None:
    first, second = [await add(tiny, "a", idempotency_key="add") for _ in range(2)]
    headers = {**tiny.dispatcher, "Idempotency-Key": "edit"}
    edited, again = [await tiny.http.put("/v1/things/a", headers=headers) for _ in range(2)]

    for answered, replayed in ((first, second), (edited, again)):
        assert replayed.headers["idempotent-replayed"] == "true"
        assert (replayed.status_code, replayed.content) == (answered.status_code, answered.content)
        for name in ("etag", "location"):
            assert replayed.headers.get(name) == answered.headers.get(name)
    assert (second.headers["location"], second.headers["etag"], again.headers["etag"]) == ("/v1/things/a", '"1"', '"2"')


async def test_an_answer_without_location_and_etag_is_replayed_without_them(tiny: Tiny) -> None:
    await add(tiny, "a", idempotency_key="k")
    sealed = tiny.runtime.works.sealer.seal('{"id":"1"}', "idempotency:someone:k")
    await tiny.execute(f"update idempotency set answer = '{sealed}'")

    replayed = await add(tiny, "a", idempotency_key="k")

    assert (replayed.status_code, replayed.content) == (201, b'{"id":"1"}')
    assert "location" not in replayed.headers


async def test_an_answer_without_a_body_is_replayed_without_one(tiny: Tiny) -> None:
    await add(tiny)
    headers = {**tiny.dispatcher, "Idempotency-Key": "k"}
    first = await tiny.http.put("/v1/things/a", headers=headers)
    second = await tiny.http.put("/v1/things/a", headers=headers)
    assert (first.status_code, second.status_code) == (204, 204)
    assert second.content == b""
    assert second.headers["idempotent-replayed"] == "true"
    assert await tiny.one("select version from thing") == 2
