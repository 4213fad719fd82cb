"""Sessions of browsers: how long they last, how they end, and what a person sees of them."""

import asyncio
from datetime import timedelta

import pytest

from services.dispatch.sessions.errors import WORDS
from services.dispatch.sessions.model import EndedBy
from services.dispatch.sessions.policy import IDLE_LIMIT, LONGEST, MOST_OPEN, TOKEN_LIFE
from services.dispatch.sessions.rules import UNKNOWN, browser_of
from services.dispatch.sessions.schemas import SignedInOut
from shared.identity import Role
from tests.dispatch.browser import PASSWORD, SESSIONS, Browser, enter, signed_in
from tests.dispatch.story import URBAN, Story

pytestmark = pytest.mark.clause("S4.2a")

ENDED = (401, "session_ended")


@pytest.fixture
async def office(story: Story) -> Story:
    """The desk, with a dispatcher and a caseworker who have passwords."""
    await enter(story, "wang")
    await enter(story, "zhang", roles=["caseworker"], unit=URBAN)
    return story


async def ended_by(browser: Browser) -> str:
    """Why the session is over."""
    answer = await browser.refresh()
    assert (answer.status_code, answer.json()["code"]) == ENDED
    return str(answer.json()["facts"]["ended_by"])


async def test_whoever_signs_in_is_told_who_he_is_and_how_long_and_is_known_by_every_request(office: Story) -> None:
    browser = Browser(office)

    answer = await browser.sign_in("zhang")
    found = SignedInOut.model_validate(answer.json())

    assert answer.status_code == 201
    assert answer.json()["me"] == (await browser.me()).json()
    assert (found.me.account, found.me.roles, found.me.unit) == ("zhang", [Role.CASEWORKER], URBAN)
    assert found.token_ends_at == office.now + timedelta(minutes=1)
    assert found.idle_ends_at == office.now + timedelta(hours=2)
    assert found.ends_at == office.now + timedelta(hours=12)
    assert browser.cookies["gongdan_token"].value not in answer.text
    assert browser.cookies["gongdan_session"].value not in answer.text


async def test_a_token_ends_after_a_minute_and_the_next_one_comes_without_the_password(office: Story) -> None:
    browser = await signed_in(office, "wang")
    codes = []
    for step in (TOKEN_LIFE - timedelta(seconds=1), timedelta(seconds=1)):
        office.pass_time(seconds=step.total_seconds())
        codes.append(await browser.code("GET", "/me"))

    again = SignedInOut.model_validate((await browser.refresh()).json())

    assert codes == [(200, ""), (401, "token_ended")]
    assert again.token_ends_at == office.now + TOKEN_LIFE
    assert again.idle_ends_at == office.now + IDLE_LIMIT
    assert (await browser.me()).status_code == 200


async def test_a_session_ends_when_it_was_not_used_for_two_hours(office: Story) -> None:
    browser = await signed_in(office, "wang")
    office.pass_time(hours=1, minutes=59, seconds=59)
    assert (await browser.refresh()).status_code == 200
    office.pass_time(hours=2)

    assert await ended_by(browser) == "idleness"


async def test_a_session_ends_after_twelve_hours_however_it_is_used_and_no_token_outlives_it(office: Story) -> None:
    browser = await signed_in(office, "wang")
    for _ in range(11):
        office.pass_time(hours=1)
        assert (await browser.refresh()).status_code == 200
    office.pass_time(minutes=59, seconds=30)

    last = SignedInOut.model_validate((await browser.refresh()).json())
    office.pass_time(seconds=30)

    assert last.token_ends_at == last.idle_ends_at == last.ends_at == office.now
    assert await browser.code("GET", "/me") == (401, "token_ended")
    assert await ended_by(browser) == "length"


async def test_not_signed_in_and_no_longer_signed_in_are_different_answers(office: Story) -> None:
    browser = Browser(office)
    before = [await browser.code("GET", "/me"), await browser.code("POST", f"{SESSIONS}/refresh")]
    await browser.sign_in("wang")
    office.pass_time(hours=LONGEST.total_seconds() / 3600)
    after = [await browser.code("GET", "/me"), await browser.code("POST", f"{SESSIONS}/refresh")]

    assert before == [(401, "unauthenticated")] * 2
    assert after == [(401, "token_ended"), ENDED]


async def test_two_tabs_that_refresh_at_once_both_stay_signed_in(office: Story) -> None:
    browser = await signed_in(office, "wang")
    other = Browser(office)
    other.cookies = dict(browser.cookies)
    office.pass_time(minutes=10)

    answers = await asyncio.gather(*(tab.refresh() for tab in (browser, other) for _ in range(5)))
    office.pass_time(minutes=10)

    assert {answer.status_code for answer in answers} == {200}
    assert [(await tab.refresh()).status_code for tab in (browser, other)] == [200, 200]


async def test_a_changed_role_and_unit_take_effect_with_the_next_token(office: Story) -> None:
    browser = await signed_in(office, "wang")
    change = {"name": "王力", "roles": ["unit_head"], "unit": URBAN}
    assert (await office.put("/accounts/wang", change, office.admin)).status_code == 200

    before = (await browser.me()).json()
    me = (await browser.refresh()).json()["me"]

    assert before["roles"] == ["dispatcher"]
    assert (me["name"], me["roles"], me["unit"]) == ("王力", ["unit_head"], URBAN)
    assert (await browser.me()).json() == me


async def test_a_disabled_account_has_no_next_token_also_when_it_is_enabled_again(office: Story) -> None:
    browser, change = await signed_in(office, "wang"), {"name": "王丽", "roles": ["dispatcher"]}
    await office.put("/accounts/wang", {**change, "active": False}, office.admin)
    closed = await ended_by(browser)
    await office.put("/accounts/wang", {**change, "active": True}, office.admin)

    assert (closed, await ended_by(browser)) == ("account_closed", "account_closed")


async def test_signing_out_ends_this_session_alone_and_clears_the_cookies(office: Story) -> None:
    browser, other = await signed_in(office, "wang"), await signed_in(office, "wang")
    old = Browser(office)
    old.cookies = dict(browser.cookies)

    answer = await browser.ask("DELETE", f"{SESSIONS}/current")

    assert (answer.status_code, answer.text, browser.cookies) == (204, "", {})
    assert await ended_by(old) == "sign_out"
    assert (await other.refresh()).status_code == 200
    assert (await browser.ask("DELETE", f"{SESSIONS}/current")).status_code == 204


async def test_signing_out_works_when_the_token_has_ended(office: Story) -> None:
    browser = await signed_in(office, "wang")
    old = dict(browser.cookies)
    office.pass_time(minutes=11)

    assert (await browser.ask("DELETE", f"{SESSIONS}/current")).status_code == 204
    browser.cookies = old
    assert await ended_by(browser) == "sign_out"


@pytest.mark.parametrize("account", ["wang", "zhang"])
async def test_a_person_sees_the_own_sessions_and_signs_out_everywhere(office: Story, account: str) -> None:
    stranger = await signed_in(office, "wang" if account == "zhang" else "zhang")
    first = await signed_in(office, account)
    office.pass_time(seconds=30)
    second = Browser(office)
    second.headers["User-Agent"] = "curl/8.5"
    await second.sign_in(account)

    listed = (await first.ask("GET", SESSIONS)).json()
    copy = Browser(office)
    copy.cookies = dict(first.cookies)
    gone = await first.ask("DELETE", SESSIONS)

    assert [(one["browser"], one["current"]) for one in listed] == [(UNKNOWN, False), ("Chrome 109（Windows）", True)]
    assert listed[1]["began_at"] == listed[1]["used_at"] < listed[0]["began_at"]
    assert (gone.status_code, first.cookies) == (204, {})
    assert [await ended_by(one) for one in (copy, second)] == ["sign_out_everywhere"] * 2
    assert (await stranger.refresh()).status_code == 200


async def test_after_a_sign_out_everywhere_another_browser_is_out_a_minute_later_at_the_latest(office: Story) -> None:
    own, other = await signed_in(office, "wang"), await signed_in(office, "wang")
    assert (await own.ask("DELETE", SESSIONS)).status_code == 204

    office.pass_time(minutes=1)

    assert await other.code("GET", "/me") == (401, "token_ended")
    assert await ended_by(other) == "sign_out_everywhere"


async def test_ended_sessions_are_not_listed_and_a_program_is_in_none(office: Story) -> None:
    for length in (LONGEST / 2, IDLE_LIMIT, timedelta(minutes=1)):
        await signed_in(office, "wang")
        office.pass_time(seconds=length.total_seconds())

    listed = (await office.get(SESSIONS, office.desk.bearer(Role.DISPATCHER, account="wang"))).json()

    assert [one["current"] for one in listed] == [False]


async def test_an_administrator_ends_the_sessions_of_an_account(office: Story) -> None:
    browsers = [await signed_in(office, "wang"), await signed_in(office, "wang"), await signed_in(office, "zhang")]

    done = await office.desk.http.delete(f"{office.base}/accounts/wang/sessions", headers=office.admin)
    unknown = await office.desk.http.delete(f"{office.base}/accounts/nobody/sessions", headers=office.admin)
    others = await office.desk.http.delete(f"{office.base}/accounts/wang/sessions", headers=office.head)

    assert (done.status_code, unknown.status_code, others.status_code) == (204, 404, 403)
    assert [await ended_by(one) for one in browsers[:2]] == ["administrator"] * 2
    assert (await browsers[2].refresh()).status_code == 200
    audited = await office.desk.rows("select actor, subject, after from audit where action = 'account.sessions_ended'")
    assert [(row["subject"], row["after"]) for row in audited] == [("wang", {"sessions": 2, "by": "administrator"})]


@pytest.mark.parametrize("account", ["wang", "zhang"])
async def test_another_password_ends_the_other_sessions(office: Story, account: str) -> None:
    own, other = await signed_in(office, account), await signed_in(office, account)
    body = {"password": "another password", "current": PASSWORD}

    assert (await own.ask("POST", f"/accounts/{account}/password", body)).status_code == 204

    assert (await own.refresh()).status_code == 200
    assert await ended_by(other) == "password"


async def test_a_password_that_the_administrator_or_a_program_sets_ends_all_sessions(office: Story) -> None:
    browsers = [await signed_in(office, "wang"), await signed_in(office, "zhang")]
    own = office.desk.bearer(Role.CASEWORKER, unit=URBAN, account="zhang")

    await office.post("/accounts/wang/password", {"password": "another password"}, office.admin)
    await office.post("/accounts/zhang/password", {"password": "another password", "current": PASSWORD}, own)

    assert [await ended_by(one) for one in browsers] == ["password"] * 2


async def test_the_lock_after_five_failures_is_one_for_programs_and_browsers(office: Story) -> None:
    browser = Browser(office)
    for _ in range(3):
        assert await browser.code("POST", SESSIONS, {"account": "wang", "password": "wrong"}) == (401, "login_refused")
    for _ in range(2):
        await office.post("/tokens", {"account": "wang", "password": "wrong"})

    assert await browser.code("POST", SESSIONS, {"account": "wang", "password": PASSWORD}) == (429, "login_locked")
    assert browser.cookies == {}
    office.pass_time(minutes=15)
    assert (await browser.sign_in("wang")).status_code == 201


async def test_an_account_has_a_bounded_number_of_sessions_and_old_rows_go(office: Story) -> None:
    browsers = []
    for _ in range(MOST_OPEN + 1):
        browsers.append(await signed_in(office, "wang"))
        office.pass_time(seconds=1)

    assert await ended_by(browsers[0]) == "other_sessions"
    assert (await browsers[1].refresh()).status_code == 200
    office.pass_time(days=2)
    await signed_in(office, "zhang")
    assert [row["account"] for row in await office.desk.rows("select account from browser_session")] == ["zhang"]
    assert await ended_by(browsers[1]) == "unknown"


async def test_a_simulated_clock_that_jumps_a_month_ends_sessions_and_everybody_signs_in_again(office: Story) -> None:
    browser = await signed_in(office, "wang")
    office.pass_time(days=31)
    away = [await browser.code("GET", "/me"), await browser.code("POST", f"{SESSIONS}/refresh")]
    again = await browser.sign_in("wang")
    office.pass_time(days=-40)
    back = await browser.refresh()

    assert away == [(401, "token_ended"), ENDED]
    assert again.status_code == 201
    assert (back.status_code, (await browser.me()).status_code) == (200, 200)
    assert SignedInOut.model_validate(back.json()).token_ends_at == office.now + TOKEN_LIFE


def test_each_end_has_its_words() -> None:
    assert set(WORDS) == set(EndedBy)


CHROMIUM = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/93.0.4577.63 Safari/537.36"

IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1 Version/17.0 Mobile/15E148 Safari/604.1"
)


@pytest.mark.parametrize(
    ("user_agent", "browser"),
    [
        (CHROMIUM, "Chrome 93（Linux）"),
        (f"{CHROMIUM} UOS Professional UOSBrowser/6.0", "统信浏览器 6（统信 UOS）"),
        (f"{CHROMIUM.replace('X11; Linux x86_64', 'Windows NT 10.0')} Qaxbrowser/90.1", "奇安信浏览器 90（Windows）"),
        (f"{CHROMIUM} Edg/120.0.1", "Edge 120（Linux）"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:128.0) Gecko/20100101 Firefox/128.0",
            "Firefox 128（macOS）",
        ),
        (
            IPHONE,
            "Safari 17（iOS）",
        ),
        ("", UNKNOWN),
        ("<script>alert(1)</script>", UNKNOWN),
        ("Firefox/99999999", "Firefox 9999"),
        ("x" * 100_000, UNKNOWN),
    ],
    ids=lambda text: text[-24:],
)
def test_a_browser_is_named_as_its_user_knows_it(user_agent: str, browser: str) -> None:
    assert browser_of(user_agent) == browser
