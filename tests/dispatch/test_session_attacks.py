"""What somebody tries who wants another person's session, or to use it: pages of others, planted cookies, copies."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import text

from services.dispatch.service import SERVICE
from services.dispatch.sessions.policy import TOKEN_LIFE
from shared.identity import Role
from tests.dispatch.browser import PASSWORD, SESSIONS, Browser, enter, signed_in
from tests.dispatch.story import URBAN, Story
from tests.support.postgres import DatabaseServer
from tests.support.service import desk_of

pytestmark = pytest.mark.clause("S4.2a")

ELSEWHERE = [
    {"Origin": "http://evil.example"},
    {"Origin": "http://desk:8081"},
    {"Origin": "null"},
    {"Origin": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site", "Origin": "http://desk"},
]
CHANGES = [
    ("POST", SESSIONS, {"account": "wang", "password": PASSWORD}),
    ("POST", f"{SESSIONS}/refresh", None),
    ("DELETE", f"{SESSIONS}/current", None),
    ("DELETE", SESSIONS, None),
    ("POST", "/accounts/wang/password", {"password": "another password", "current": PASSWORD}),
]


@pytest.fixture
async def office(story: Story) -> Story:
    await enter(story, "wang")
    return story


@pytest.mark.parametrize("page", ELSEWHERE, ids=str)
async def test_a_page_of_somebody_else_changes_nothing(office: Story, page: dict[str, str]) -> None:
    browser = await signed_in(office, "wang")
    cookies = dict(browser.cookies)

    for method, path, body in CHANGES:
        assert await browser.code(method, path, body, **page) == (403, "cross_origin"), (method, path)

    assert browser.cookies == cookies
    assert (await browser.refresh()).status_code == 200
    assert len(await office.desk.rows("select 1 from browser_session")) == 1


async def test_a_form_of_another_page_cannot_sign_anybody_in(office: Story) -> None:
    """A page may send a form without asking first, but not JSON; with neither Origin nor Sec-Fetch-Site it is refused too."""
    body = f'{{"account": "wang", "password": "{PASSWORD}"}}'
    for page, status in (({"Origin": "http://desk"}, 415), ({"Origin": "http://evil.example"}, 403), ({}, 403)):
        answer = await office.desk.http.post(
            f"{office.base}{SESSIONS}", content=body, headers={"Content-Type": "text/plain", **page}
        )
        assert (answer.status_code, answer.headers.get("set-cookie")) == (status, None)


async def test_cookies_are_not_for_scripts_not_for_other_sites_and_only_for_their_addresses(office: Story) -> None:
    lines = (await Browser(office).sign_in("wang")).headers.get_list("set-cookie")

    flags = {line.partition("=")[0]: re.sub(r"^[^;]*; ", "", line) for line in lines}
    assert flags == {
        "gongdan_session": "HttpOnly; Path=/api/dispatch/v1/sessions; SameSite=strict",
        "gongdan_token": "HttpOnly; Path=/api; SameSite=strict",
        "gongdan_signed_in": "Path=/; SameSite=strict",
    }


@pytest.mark.parametrize(
    ("public_url", "secure"), [("https://order.example.gov.cn", True), ("http://10.20.0.8:8012", False)]
)
async def test_cookies_are_secure_where_the_platform_is_reached_by_https(
    postgres_server: DatabaseServer, public_url: str, *, secure: bool
) -> None:
    async with desk_of(SERVICE, postgres_server, public_url=public_url) as desk:
        story = Story(desk)
        await enter(story, "wang")
        browser = Browser(story)
        browser.headers["Origin"] = public_url
        answers = [await browser.sign_in("wang"), await browser.refresh()]

    lines = [line for answer in answers for line in answer.headers.get_list("set-cookie")]
    assert len(lines) == 4
    assert [("Secure" in line) for line in lines] == [secure] * 4


async def test_a_planted_session_is_never_taken_over(office: Story) -> None:
    """Fixation: the attacker plants his own cookie, or an invented one, and waits for somebody to sign in with it."""
    await enter(office, "thief")
    thief, browser = await signed_in(office, "thief"), Browser(office)
    for planted in (thief.cookies["gongdan_session"], None):
        browser.cookies.clear()
        if planted is not None:
            browser.cookies["gongdan_session"] = planted
        await browser.sign_in("wang")

        assert browser.cookies["gongdan_session"].value != thief.cookies["gongdan_session"].value
        assert (await browser.me()).json()["account"] == "wang"
    assert await thief.code("POST", f"{SESSIONS}/refresh") == (401, "session_ended")


async def test_signing_in_again_in_the_same_browser_ends_the_session_before(office: Story) -> None:
    browser = await signed_in(office, "wang")
    copy = Browser(office)
    copy.cookies = dict(browser.cookies)

    await browser.sign_in("wang")

    assert (await copy.refresh()).json()["facts"]["ended_by"] == "sign_in"
    assert (await browser.refresh()).status_code == 200


async def test_a_second_cookie_planted_beside_the_session_makes_it_nobodys(office: Story) -> None:
    browser = await signed_in(office, "wang")
    both = "; ".join(f"gongdan_session={value}" for value in ("planted", browser.cookies["gongdan_session"].value))

    assert await browser.code("POST", f"{SESSIONS}/refresh", None, Cookie=both) == (401, "unauthenticated")


@pytest.mark.parametrize("secret", ["x", "x" * 5000, "%00", "' or '1'='1"])
async def test_an_invented_session_opens_nothing(office: Story, secret: str) -> None:
    browser = Browser(office)

    for method, path, code in (("POST", "/refresh", (401, "session_ended")), ("DELETE", "/current", (204, ""))):
        assert await browser.code(method, SESSIONS + path, None, Cookie=f"gongdan_session={secret}") == code


async def test_what_is_stored_and_listed_opens_no_session(office: Story) -> None:
    browser = await signed_in(office, "wang")
    secret = browser.cookies["gongdan_session"].value
    stored = (await office.desk.rows("select * from browser_session"))[0]
    said = str(await office.desk.rows("select * from audit")) + (await browser.ask("GET", SESSIONS)).text

    assert secret not in str(stored) + said
    for known in (stored["secret_print"], stored["session_id"]):
        assert (await browser.code("POST", f"{SESSIONS}/refresh", None, Cookie=f"gongdan_session={known}"))[0] == 401
    assert stored["secret_print"] not in said


async def test_a_stolen_token_lives_its_ten_minutes_after_the_sign_out_and_no_longer(office: Story) -> None:
    browser = await signed_in(office, "wang")
    thief = Browser(office)
    thief.cookies["gongdan_token"] = browser.cookies["gongdan_token"]
    await browser.ask("DELETE", f"{SESSIONS}/current")

    codes = []
    for step in (TOKEN_LIFE - timedelta(seconds=1), timedelta(seconds=1)):
        office.pass_time(seconds=step.total_seconds())
        codes.append(await thief.code("GET", "/me"))

    assert codes == [(200, ""), (401, "token_ended")]
    assert await thief.code("POST", f"{SESSIONS}/refresh") == (401, "unauthenticated")


async def test_a_token_is_no_session_and_a_session_no_token(office: Story) -> None:
    browser = await signed_in(office, "wang")
    token, session = (browser.cookies[name].value for name in ("gongdan_token", "gongdan_session"))

    assert await browser.code("POST", f"{SESSIONS}/refresh", None, Cookie=f"gongdan_session={token}") == (
        401,
        "session_ended",
    )
    assert await browser.code("GET", "/me", None, Cookie=f"gongdan_token={session}") == (401, "unauthenticated")


async def test_nobody_signs_in_to_a_closed_account_and_an_account_closed_behind_our_back_has_no_next_token(
    office: Story,
) -> None:
    browser = await signed_in(office, "wang")
    async with office.desk.runtime.works.begin() as work:
        await work.session.execute(text("update account set active = false where account = 'wang'"))

    assert (await browser.refresh()).json()["facts"]["ended_by"] == "account_closed"
    assert await browser.code("POST", SESSIONS, {"account": "wang", "password": PASSWORD}) == (401, "login_refused")


async def test_nobody_ends_or_sees_the_sessions_of_somebody_else(office: Story) -> None:
    await enter(office, "zhang", roles=["caseworker"], unit=URBAN)
    wang, zhang = await signed_in(office, "wang"), await signed_in(office, "zhang")

    seen = (await zhang.ask("GET", SESSIONS)).json()
    assert await zhang.code("DELETE", "/accounts/wang/sessions") == (403, "forbidden")
    await zhang.ask("DELETE", SESSIONS)

    assert [one["current"] for one in seen] == [True]
    assert (await wang.refresh()).status_code == 200


async def test_the_database_shows_the_requests_of_units_no_print_of_a_session(office: Story) -> None:
    await signed_in(office, "wang")
    person = office.desk.person(Role.CASEWORKER, unit=URBAN)

    for statement in ("select secret_print from browser_session", "update browser_session set used_at = now()"):
        with pytest.raises(Exception, match="permission denied"):
            async with office.desk.runtime.works.begin(person) as work:
                await work.session.execute(text(statement))
