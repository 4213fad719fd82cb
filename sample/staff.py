"""The staff of the district as clients of the public API: they log in and do their work."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

import httpx

from sample.district import CENTRE, UNITS, Staff, Unit, staff_of

_PATIENCE: Final = 20.0
File = tuple[str, bytes]
"""The name and the content of a file."""


class Refused(Exception):
    """The platform answered with a problem; `problem` is its body."""

    def __init__(self, status: int, problem: Mapping[str, Any]) -> None:
        super().__init__(f"{status} {problem.get('code')}: {problem.get('detail')}")
        self.status, self.problem = status, problem


class Caller:
    """A client with an account; every method is one call of the API."""

    def __init__(self, http: httpx.AsyncClient, account: str, password: str) -> None:
        self._http, self.account, self._password = http, account, password
        self._token = ""

    async def log_in(self) -> Caller:
        """Get a token; Refused when account or password are wrong."""
        answer = await self._http.post(
            "/api/dispatch/v1/tokens", json={"account": self.account, "password": self._password}
        )
        self._token = _sound(answer)["access_token"]
        return self

    async def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """One call; the answer's JSON, or None when it has none.  Refused with the problem otherwise."""
        return await self._repeated(method, path, {"json": body}, query)

    async def upload(self, path: str, data: Any, files: Sequence[File]) -> Any:
        """One POST of a form with files; the rest is as for `call`."""
        return await self._repeated("POST", path, {"files": form(data, files)}, {})

    async def _repeated(self, method: str, path: str, content: Mapping[str, Any], query: Mapping[str, Any]) -> Any:
        answer = await self._send(method, path, content, query)
        if answer.status_code == httpx.codes.UNAUTHORIZED:
            await self.log_in()  # the token has expired
            answer = await self._send(method, path, content, query)
        return _sound(answer)

    async def _send(
        self, method: str, path: str, content: Mapping[str, Any], query: Mapping[str, Any]
    ) -> httpx.Response:
        return await self._http.request(
            method,
            path,
            **content,
            params={name: value for name, value in query.items() if value is not None},
            headers={"Authorization": f"Bearer {self._token}"},
        )

    async def when(self, path: str, **wanted: Any) -> dict[str, Any]:
        """Read `path` until its fields are as wanted: events need some milliseconds between services."""
        deadline = asyncio.get_running_loop().time() + _PATIENCE
        last: Any = None
        while asyncio.get_running_loop().time() < deadline:
            try:
                last = await self.call("GET", path)
            except Refused as refusal:
                if refusal.status != httpx.codes.NOT_FOUND:
                    raise
            else:
                if all(last.get(name) == value for name, value in wanted.items()):
                    found: dict[str, Any] = last
                    return found
            await asyncio.sleep(0.02)
        raise TimeoutError(f"{path}：应为 {wanted}，最后看到 {last}")


def form(data: Any, files: Sequence[File] = ()) -> list[tuple[str, Any]]:
    """The parts of a form with files, as httpx takes them."""
    return [("data", (None, json.dumps(data).encode(), "application/json")), *(("files", file) for file in files)]


def _sound(answer: httpx.Response) -> Any:
    if answer.is_success:
        return answer.json() if answer.content else None
    try:
        problem = answer.json()
    except ValueError:
        problem = {"code": "not_json", "detail": answer.text[:200]}
    raise Refused(answer.status_code, problem)


class People:
    """All accounts of the sample district, logged in when first asked for."""

    def __init__(self, http: httpx.AsyncClient, *, admin_password: str, staff_password: str) -> None:
        self._http, self._admin, self.staff_password = http, admin_password, staff_password
        self._known: dict[str, Caller] = {}

    async def get(self, account: str) -> Caller:
        """The caller with this account."""
        if account not in self._known:
            password = self._admin if account == "admin" else self.staff_password
            self._known[account] = await Caller(self._http, account, password).log_in()
        return self._known[account]

    async def load_district(self, units: Sequence[Unit] = UNITS) -> bool:
        """Enter units and accounts through the API; False when they exist already."""
        admin = await self.get("admin")
        known = {unit["code"] for unit in await _all(admin, "/api/dispatch/v1/units")}
        accounts = {account["account"] for account in await _all(admin, "/api/dispatch/v1/accounts")}
        missing_units = [unit for unit in units if unit.code not in known]
        everybody = [*CENTRE, *(staff for unit in units for staff in staff_of(unit))]
        missing_staff = [staff for staff in everybody if staff.account not in accounts]
        for unit in missing_units:
            await admin.call("POST", "/api/dispatch/v1/units", _unit_body(unit))
        for staff in missing_staff:
            await admin.call("POST", "/api/dispatch/v1/accounts", self._account_body(staff))
        return bool(missing_units or missing_staff)

    def _account_body(self, staff: Staff) -> dict[str, Any]:
        return {
            "account": staff.account,
            "name": staff.name,
            "roles": list(staff.roles),
            "unit": staff.unit,
            "password": self.staff_password,
        }


async def _all(caller: Caller, path: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await caller.call("GET", path, limit=200, cursor=cursor)
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items


def _unit_body(unit: Unit) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "group": unit.group,
        "first_responsible": unit.principal,
        "deputy": unit.deputy,
        "office": unit.section,
        "duties": [
            {"text": d.text, "kind": d.kind, "keywords": list(d.keywords), "streets": list(d.streets)}
            for d in unit.duties
        ],
    }
