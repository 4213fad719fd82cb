"""The accounts of the sample district for the portal's sign-in page: one press instead of a password."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sample.district import CENTRE, UNITS, Staff, staff_of
from shared.clock import Clock
from shared.web.headers import headers_of_now

_TITLES: Final = {
    "dispatcher": "派单员",
    "reviewer": "审核员",
    "revisitor": "回访员",
    "analyst": "分析员",
    "centre_head": "中心负责人",
    "office": "区政府办公室",
    "leader": "区领导",
    "assessor": "考核办",
    "auditor": "审计员",
    "caseworker": "经办人",
    "unit_deputy": "分管领导",
    "unit_head": "主要领导",
}
_SHOWN_UNITS: Final = 3
"""Of the units, so that the choice fits beside the form; every other account signs in by its name."""


def accounts_route(secrets: Mapping[str, Any], clock: Clock) -> Route:
    """GET /sample/accounts: accounts, their passwords, and what each person does; with the headers of the platform's now.

    Only for a platform with sample data that listens on this machine alone: whoever reads this can sign in as anybody.
    """
    units = UNITS[:_SHOWN_UNITS]
    staff = [*CENTRE, *(one for unit in units for one in staff_of(unit))]
    accounts = [_shown(one, secrets["staff_password"]) for one in staff]
    admin = {"account": "admin", "name": "系统管理员", "title": "系统管理员", "unit": None}
    accounts.append({**admin, "password": secrets["admin_password"]})

    async def answer(_: Request) -> Response:
        # Before somebody signs in, this is all that says how far the history is (docs/decisions/0021).
        now = {name.decode(): value.decode() for name, value in headers_of_now(clock)}
        return JSONResponse({"accounts": accounts}, headers={"cache-control": "no-store", **now})

    return Route("/sample/accounts", answer, name="sample_accounts")


def _shown(one: Staff, password: str) -> dict[str, Any]:
    title = "、".join(_TITLES.get(role, role) for role in one.roles)
    return {"account": one.account, "password": password, "name": one.name, "title": title, "unit": one.unit}
