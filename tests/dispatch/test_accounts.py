"""Accounts, login and its lock."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pydantic import SecretStr

from services.dispatch.service import SERVICE
from shared.contracts.dispatch import UnitChanged
from shared.identity import Role
from tests.dispatch.story import URBAN, Story
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of

FIRST = "correct horse battery"


@pytest.fixture
async def office(postgres_server: DatabaseServer) -> AsyncIterator[Story]:
    """An empty database at its first start, with the administrator's password given."""
    async with desk_of(SERVICE, postgres_server, admin_password=SecretStr(FIRST)) as desk:
        yield Story(desk)


async def log_in(story: Story, account: str, password: str) -> tuple[int, dict[str, object]]:
    answer = await story.post("/tokens", {"account": account, "password": password})
    return answer.status_code, answer.json()


async def enter(story: Story, account: str, **changes: object) -> dict[str, object]:
    body = {"account": account, "name": "王丽", "roles": ["dispatcher"], "password": "a fine password", **changes}
    answer = await story.post("/accounts", body, story.admin)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def test_the_first_start_enters_the_administrator_who_can_log_in_and_a_second_start_changes_nothing(
    office: Story,
) -> None:
    assert SERVICE.prepare is not None
    await SERVICE.prepare(office.desk.runtime)

    status, body = await log_in(office, "admin", FIRST)
    me = await office.get("/me", {"Authorization": f"Bearer {body['access_token']}"})

    assert status == 201
    assert me.json().items() >= {"account": "admin", "name": "系统管理员", "roles": ["admin"], "unit": None}.items()
    assert "add_account" in me.json()["may"]["dispatch"]
    assert "assign_order" not in me.json()["may"]["dispatch"]
    assert len(await office.desk.rows("select account from account")) == 1


async def test_the_password_is_kept_as_argon2id_and_nowhere_else(office: Story) -> None:
    await enter(office, "wang")

    stored = await office.desk.rows("select password_hash from account")
    said = await office.desk.rows("select concat(action, before, after) as said from audit")

    assert all(row["password_hash"].startswith("$argon2id$v=19$m=19456,t=2,p=1$") for row in stored)
    assert not any("fine password" in row["said"] for row in said)


async def test_a_wrong_password_an_unknown_account_and_a_closed_one_get_the_same_answer(office: Story) -> None:
    await enter(office, "closed", active=False)

    answers = [
        await log_in(office, "admin", "wrong"),
        await log_in(office, "nobody", "wrong"),
        await log_in(office, "closed", "a fine password"),
    ]

    assert {status for status, _ in answers} == {401}
    assert {str(body["code"]) for _, body in answers} == {"login_refused"}
    assert len({str(body["detail"]) for _, body in answers}) == 1


async def test_nobody_logs_in_to_an_imported_account_without_a_password(story: Story) -> None:
    assert (await log_in(story, "h-urban", "-"))[1]["code"] == "login_refused"


@pytest.mark.parametrize("account", ["admin", "nobody"])
async def test_five_failures_lock_the_name_for_a_quarter_of_an_hour(office: Story, account: str) -> None:
    for _ in range(5):
        assert (await log_in(office, account, "wrong"))[0] == 401

    assert (await log_in(office, account, FIRST))[1]["code"] == "login_locked"
    office.pass_time(minutes=14, seconds=59)
    assert (await log_in(office, account, FIRST))[0] == 429
    office.pass_time(seconds=1)
    assert (await log_in(office, account, FIRST))[0] == (201 if account == "admin" else 401)


async def test_a_success_forgets_the_failures_before_it(office: Story) -> None:
    for _ in range(3):
        for _ in range(4):
            assert (await log_in(office, "admin", "wrong"))[0] == 401
        assert (await log_in(office, "admin", FIRST))[0] == 201


async def test_guesses_at_the_same_time_are_counted_like_guesses_in_a_row(office: Story) -> None:
    answers = await asyncio.gather(*(log_in(office, "admin", f"guess {n}") for n in range(12)))

    assert sorted(status for status, _ in answers) == [401] * 5 + [429] * 7


async def test_right_passwords_at_the_same_time_are_no_failures(office: Story) -> None:
    for _ in range(4):
        await log_in(office, "admin", "wrong")

    right = await asyncio.gather(*(log_in(office, "admin", FIRST) for _ in range(8)))
    after = [await log_in(office, "admin", "wrong") for _ in range(5)]
    mixed = await asyncio.gather(*(log_in(office, "admin", FIRST if n % 2 else f"guess {n}") for n in range(6)))

    assert [status for status, _ in right] == [201] * 8
    assert [status for status, _ in after] == [401] * 5
    assert [str(body["code"]) for _, body in mixed] == ["login_locked"] * 6


async def test_another_password_is_set_by_the_administrator_or_by_whoever_knows_the_old_one(office: Story) -> None:
    await enter(office, "wang")
    own = office.desk.bearer(Role.DISPATCHER, account="wang")

    async def change(who: dict[str, str], **body: str) -> int:
        return (await office.post("/accounts/wang/password", body, who)).status_code

    assert await change(own, password="another password") == 422
    assert await change(own, password="another password", current="wrong") == 422
    assert await change(office.desk.bearer(Role.DISPATCHER, account="li"), password="x" * 9, current="x") == 403
    assert await change(own, password="short", current="a fine password") == 422
    assert await change(own, password="another password", current="a fine password") == 204
    assert (await log_in(office, "wang", "another password"))[0] == 201
    assert await change(office.admin, password="a third password") == 204
    assert (await log_in(office, "wang", "a third password"))[0] == 201
    assert (await log_in(office, "wang", "another password"))[0] == 401


async def test_whoever_changes_their_own_password_is_told_what_is_missing_or_wrong(office: Story) -> None:
    await enter(office, "wang")
    own = office.desk.bearer(Role.DISPATCHER, account="wang")

    async def refused(**body: str) -> dict[str, Any]:
        answer = await office.post("/accounts/wang/password", body, own)
        return {"status": answer.status_code, **answer.json()}

    missing = await refused(password="another password")
    wrong = [await refused(password="another password", current="wrong") for _ in range(6)]
    long = await refused(password="x" * 129, current="a fine password")

    assert (missing["status"], missing["code"]) == (422, "invalid_request")
    assert missing["errors"] == [{"field": "current", "code": "missing", "message": "当前密码：缺少必填项"}]
    assert [(found["status"], found["code"]) for found in wrong] == [
        *[(422, "current_password_wrong")] * 5,
        (429, "login_locked"),
    ]
    assert "当前密码" in wrong[0]["detail"]
    assert long["errors"] == [{"field": "password", "code": "too_long", "message": "密码：长度过长"}]


async def test_a_change_of_password_that_comes_again_is_answered_again_and_counts_as_no_guess(office: Story) -> None:
    await enter(office, "wang")
    own = {**office.desk.bearer(Role.DISPATCHER, account="wang"), "Idempotency-Key": "once"}
    body = {"password": "another password", "current": "a fine password"}

    answers = [await office.post("/accounts/wang/password", body, own) for _ in range(7)]

    assert [answer.status_code for answer in answers] == [204] * 7
    assert [answer.headers.get("idempotent-replayed") for answer in answers] == [None] + ["true"] * 6
    assert (await log_in(office, "wang", "another password"))[0] == 201


async def test_a_refused_login_has_its_own_title(office: Story) -> None:
    assert (await log_in(office, "admin", "wrong"))[1]["title"] == "登录未成功"


@pytest.mark.parametrize("path", ["/accounts/nobody", "/units/nobody"])
async def test_an_unknown_account_or_unit_is_not_described_as_another_units(office: Story, path: str) -> None:
    answer = await office.get(path, office.admin)

    assert answer.status_code == 404
    assert "本单位" not in answer.json()["detail"]
    assert "列表" in answer.json()["detail"]


@pytest.mark.clause("S4.2a")
@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"roles": ["caseworker"]}, "roles_unfit"),
        ({"roles": ["dispatcher"], "unit": URBAN}, "roles_unfit"),
        ({"roles": ["system"]}, "roles_unfit"),
        ({"roles": ["caseworker"], "unit": "nobody"}, "unit_not_listed"),
        ({"password": "short"}, "password_unfit"),
        ({"password": "wang12345"}, "password_unfit"),
        ({"roles": ["emperor"]}, "invalid_request"),
        ({"name": "a\x00b"}, "invalid_request"),
    ],
)
async def test_an_account_with_unfit_fields_is_refused(office: Story, changes: dict[str, object], code: str) -> None:
    body = {"account": "wang", "name": "王丽", "roles": ["dispatcher"], "password": "a fine password", **changes}

    answer = await office.post("/accounts", body, office.admin)

    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert (await office.get("/accounts/wang", office.admin)).status_code == 404


async def test_an_account_name_exists_once(office: Story) -> None:
    await enter(office, "wang")

    body = {"account": "wang", "name": "王力", "roles": ["analyst"], "password": "a fine password"}
    answer = await office.post("/accounts", body, office.admin)

    assert (answer.status_code, answer.json()["code"]) == (409, "account_exists")


async def test_the_last_administrator_stays(office: Story) -> None:
    body = {"name": "系统管理员", "roles": ["admin"], "active": False}

    refused = await office.put("/accounts/admin", body, office.admin)
    await enter(office, "second", roles=["admin"])
    done = await office.put("/accounts/admin", body, office.admin)

    assert (refused.status_code, refused.json()["code"]) == (409, "last_administrator")
    assert (done.status_code, done.json()["active"]) == (200, False)


async def test_an_account_read_before_somebody_changed_it_is_not_overwritten(office: Story) -> None:
    await enter(office, "wang")
    seen = (await office.get("/accounts/wang", office.admin)).headers["etag"]
    body = {"name": "王力", "roles": ["reviewer"]}
    headers = office.admin | {"If-Match": seen}

    first = await office.put("/accounts/wang", body, headers)
    second = await office.put("/accounts/wang", body, headers)

    assert (first.status_code, second.status_code) == (200, 409)
    assert second.json()["code"] == "changed_meanwhile"


async def test_accounts_are_listed_page_by_page_and_by_unit(story: Story) -> None:
    page = (await story.get("/accounts", story.admin, limit=2)).json()
    rest = (await story.get("/accounts", story.admin, limit=2, cursor=page["next"])).json()
    urban = (await story.get("/accounts", story.admin, unit=URBAN)).json()

    assert [line["account"] for line in page["items"] + rest["items"]] == ["h-chujia", "h-urban", "h-water"]
    assert rest["next"] is None
    assert [line["account"] for line in urban["items"]] == ["h-urban"]


@pytest.mark.clause("S4.1a")
async def test_a_unit_becomes_ready_with_its_first_caseworker_and_is_not_with_its_last_gone(office: Story) -> None:
    await office.post("/units", office.unit_body(URBAN), office.head)
    await enter(office, "zhang", roles=["caseworker"], unit=URBAN)
    shown = (await office.get(f"/units/{URBAN}", office.dispatcher)).json()
    gone = {"name": "张", "roles": ["caseworker"], "unit": URBAN, "active": False}
    await office.put("/accounts/zhang", gone, office.admin)

    assert (shown["ready"], [each["account"] for each in shown["caseworkers"]]) == (True, ["zhang"])
    assert [event.ready for event in await office.desk.told(UnitChanged)] == [False, True, False]
    assert [event.version for event in await office.desk.told(UnitChanged)] == [1, 1, 1]
    assert (await office.get(f"/units/{URBAN}", office.dispatcher)).json()["missing"] == ["caseworkers"]


async def test_a_unit_is_entered_once_and_changed_as_it_was_read(story: Story) -> None:
    twice = await story.post("/units", story.unit_body(URBAN), story.head)
    shown = await story.get(f"/units/{URBAN}")
    body = story.unit_body(URBAN, name="综合行政执法局", deputy="")
    del body["code"]
    headers = story.admin | {"If-Match": shown.headers["etag"]}

    first = await story.put(f"/units/{URBAN}", body, headers)
    second = await story.put(f"/units/{URBAN}", body, headers)
    unknown = await story.put("/units/nobody", body, story.admin)

    told = [(event.name, event.version) for event in await story.desk.told(UnitChanged) if event.code == URBAN]
    assert told[-1] == ("综合行政执法局", told[-2][1] + 1)
    assert (twice.status_code, twice.json()["code"]) == (409, "unit_exists")
    assert (first.json()["name"], first.json()["missing"]) == ("综合行政执法局", ["deputy"])
    assert first.headers["etag"] != shown.headers["etag"]
    assert (second.status_code, unknown.status_code) == (409, 404)


async def test_units_are_listed_page_by_page(story: Story) -> None:
    page = (await story.get("/units", limit=2)).json()
    rest = (await story.get("/units", limit=2, cursor=page["next"])).json()

    assert [line["code"] for line in page["items"] + rest["items"]] == ["chujia", "urban", "water"]
    assert all(line["ready"] for line in page["items"])
