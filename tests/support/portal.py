"""The portal in a browser: a platform of its own, people who are signed in, orders that come by the upstream's webhook."""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

import httpx
from playwright.sync_api import BrowserContext, ConsoleMessage, Page

from sample.orders import demand
from sample.staff import form
from sample.upstream import in_words_of_city, signed_headers
from sample.walk import REPLY
from shared.clock import RealClock
from tests.support.files import pdf
from tests.support.waiting import until

ROOT: Final = Path(__file__).resolve().parents[2]
AXE: Final = ROOT / "portal" / "node_modules" / "axe-core" / "axe.min.js"
RULES: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
UNIT: Final = "zhujian"
HANDLER: Final = f"{UNIT}-jingban"
LEADER: Final = f"{UNIT}-lingdao"
TELEPHONE: Final = "17000001234"


@dataclass(frozen=True, slots=True)
class Order:
    """An order as the tests know it."""

    order_id: str
    number: str
    """The platform's own."""
    title: str


@dataclass
class Platform:
    """A running platform: its API as the staff and the upstream use it."""

    address: str
    folder: Path
    http: httpx.Client
    _serial: Iterator[int] = field(default_factory=lambda: itertools.count(1))
    _tokens: dict[str, str] = field(default_factory=dict)

    @property
    def secrets(self) -> dict[str, Any]:
        """Passwords, and the keys of the channels."""
        kept: dict[str, Any] = json.loads((self.folder / "secrets.json").read_text(encoding="utf-8"))
        return kept

    def password_of(self, account: str) -> str:
        """The password of an account of the sample."""
        return str(self.secrets["admin_password" if account == "admin" else "staff_password"])

    def headers_of(self, account: str) -> dict[str, str]:
        """With which an account's program calls the platform."""
        if account not in self._tokens:
            login = {"account": account, "password": self.password_of(account)}
            answer = self.http.post("/api/dispatch/v1/tokens", json=login)
            answer.raise_for_status()
            self._tokens[account] = answer.json()["access_token"]
        return {"authorization": f"Bearer {self._tokens[account]}"}

    def asked(self, account: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """The answer to one call of an account's program."""
        return self.http.request(method, path, json=body, headers=self.headers_of(account))

    def call(self, account: str, method: str, path: str, body: Any = None) -> Any:
        """What the platform answers; an error when it refuses."""
        answer = self.asked(account, method, path, body)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def pushed(self, **changes: Any) -> Order:
        """A municipal order about heating, with `changes` to the fields of its webhook, once it waits on the desk."""
        serial = next(self._serial)
        now = RealClock().now()
        made = demand(serial, called_at=now, rng=random.Random(serial), prefix="PT")
        fields = replace(
            made,
            title=f"枫林小区{serial}号楼暖气不热",
            content="来电人反映自供暖以来室内温度只有十四五度，多次联系供热公司未解决，请尽快处理。",
            category="供热问题",
            kind="投诉",
            caller_phone=TELEPHONE,
        )
        answer = self.sent({**in_words_of_city(fields), **changes})
        answer.raise_for_status()
        order_id = answer.json()["order_id"]
        found = until(lambda: self.order(order_id, "triage"))
        return Order(order_id, found["platform_no"], found["title"])

    def sent(self, content: dict[str, Any]) -> httpx.Response:
        """What the municipal platform is answered when it pushes this."""
        body = json.dumps(content, ensure_ascii=False).encode()
        now = int(RealClock().now().timestamp())
        headers = signed_headers(self.secrets["channels"]["city_12345"]["in"], body, now=now)
        return self.http.post("/api/intake/v1/channels/city_12345/orders", content=body, headers=headers)

    def order(self, order_id: str, *states: str) -> dict[str, Any]:
        """The order as the dispatcher sees it, in one of these states."""
        answer = self.asked("paidan", "GET", f"/api/dispatch/v1/orders/{order_id}")
        assert answer.is_success, answer.text
        found: dict[str, Any] = answer.json()
        assert not states or found["status"] in states, found
        return found

    def assigned(self, **changes: str) -> Order:
        """An order that its unit has not accepted yet."""
        order = self.pushed(**changes)
        body = {"unit": UNIT, "basis": "duty", "grounds": "职责目录与诉求内容相符"}
        self.call("paidan", "POST", f"/api/dispatch/v1/orders/{order.order_id}/assign", body)
        # Its page shows what the services say that hear of the assignment a moment later.
        until(lambda: self.call(HANDLER, "GET", f"/api/sla/v1/orders/{order.order_id}/clocks"))
        until(lambda: self.call(HANDLER, "GET", f"/api/intake/v1/orders/{order.order_id}"))
        return order

    def asks_back(self, order: Order, account: str = HANDLER) -> None:
        """Its unit asks to return it."""
        body = {"reason": "供热不属本单位职责", "policy_basis": "三定方案第四条", "suggested_unit": "chengguan"}
        files = form(body, [("说明.pdf", pdf())])
        path = f"/api/dispatch/v1/orders/{order.order_id}/return"
        answer = self.http.post(path, files=files, headers=self.headers_of(account))
        assert answer.is_success, answer.text

    def contacted(self) -> Order:
        """An order that its unit has accepted, and whose caller has been reached."""
        order = self.assigned()
        path = f"/api/dispatch/v1/orders/{order.order_id}"
        body = {
            "outcome": "reached",
            "contacted_at": RealClock().now().isoformat(),
            "phone": "0535-6890000",
            "person": "经办人",
            "content": "已与来电人联系，了解具体情况，约定当天到现场查看。",
        }
        self.call(HANDLER, "POST", f"{path}/contacts", body)
        return order

    def asks_for_time(self, order: Order) -> str:
        """Its unit asks for three more working days; the id of the request."""
        consent = {
            "person": "经办人",
            "agreed_at": RealClock().now().isoformat(),
            "phone": "0535-6890000",
            "agreed": True,
            "evidence": "录音 0001",
        }
        body = {"reason_code": "complex", "workdays": 3, "explanation": "管网改造须停暖施工", "consent": consent}
        asked = self.call(HANDLER, "POST", f"/api/sla/v1/orders/{order.order_id}/extensions", body)
        return str(asked["id"])

    def returning(self) -> Order:
        """An order that its unit has asked to return."""
        order = self.assigned()
        self.asks_back(order)
        return order

    def replied(self) -> tuple[Order, str]:
        """An order whose reply waits for the unit's leader, and the id of the reply."""
        order = self.contacted()
        body = {**REPLY, "contact_at": RealClock().now().isoformat()}
        self.call(HANDLER, "POST", f"/api/dispatch/v1/orders/{order.order_id}/reply", body)

        def waits() -> str:
            answer = self.asked(LEADER, "GET", f"/api/review/v1/orders/{order.order_id}/replies")
            rounds = answer.json().get("rounds", [])
            assert rounds, rounds
            return str(rounds[-1]["reply_id"])

        return order, until(waits)


@dataclass
class Person:
    """Somebody with a browser of his own; what the browser complains of is kept until the end of the test."""

    platform: Platform
    context: BrowserContext
    page: Page
    complaints: list[str] = field(default_factory=list)
    refusals: set[int] = field(default_factory=set)
    """Refusals that the test provokes; 0 is an answer that never came."""

    def __post_init__(self) -> None:
        """Listen from the first page on."""
        self.context.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error('Content-Security-Policy', event.violatedDirective, event.blockedURI))"
        )
        self.listen(self.page)

    def listen(self, page: Page) -> Page:
        """Keep what a page complains of."""
        page.on("pageerror", lambda fault: self.complaints.append(str(fault)))
        page.on("console", self._heard)
        return page

    def _heard(self, line: ConsoleMessage) -> None:
        if line.type == "error" and not self._expected(line):
            self.complaints.append(f"{line.text} {line.location['url']}")

    def _expected(self, line: ConsoleMessage) -> bool:
        if not line.text.startswith("Failed to load resource"):
            return False
        return any((f"status of {status}" in line.text) if status else "net::" in line.text for status in self.refusals)

    def signs_in(self, account: str) -> Person:
        """The session's cookies, as the sign-in page gets them."""
        answer = self.context.request.post(
            f"{self.platform.address}/api/dispatch/v1/sessions",
            data={"account": account, "password": self.platform.password_of(account)},
            headers={"origin": self.platform.address},
        )
        assert answer.ok, answer.text()
        return self

    def opens(self, path: str) -> Page:
        """The person's page, at this path."""
        self.page.goto(f"{self.platform.address}{path}")
        return self.page

    def another_tab(self) -> Page:
        """A second page of the same browser."""
        return self.listen(self.context.new_page())

    def looks(self, **choices: str) -> Person:
        """With these choices of the settings: theme, type, single-keys."""
        lines = (f"localStorage.setItem('gongdan.{name}', '{value}');" for name, value in choices.items())
        self.context.add_init_script("".join(lines))
        return self


def violations(page: Page) -> list[str]:
    """What axe finds on a page as it is now: rule, help and the first places."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        "rules => axe.run(document, {runOnly: {type: 'tag', values: rules}, resultTypes: ['violations']})", list(RULES)
    )
    return [
        f"{rule['id']}: {rule['help']}: {[node['target'] for node in rule['nodes'][:3]]}"
        for rule in found["violations"]
    ]
