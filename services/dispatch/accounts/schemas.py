"""Accounts as they come and go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from services.dispatch.accounts.handlers import AccountEntry
from services.dispatch.login.schemas import Password
from services.dispatch.login.tables import AccountRecord
from shared.identity import Role
from shared.web import Body, Code, Line, YesNo

Roles = Annotated[
    list[Role], Field(min_length=1, max_length=8, title="角色", description="角色；单位角色须同时填写所属单位")
]


class AccountChange(Body):
    """What can be changed of an account."""

    name: Annotated[Line, Field(title="姓名")]
    roles: Roles
    unit: Annotated[Code | None, Field(title="所属承办单位编码")] = None
    active: Annotated[YesNo, Field(title="启用状态")] = True

    def as_entry(self) -> AccountEntry:
        """For the handler."""
        return AccountEntry(self.name, frozenset(self.roles), self.unit, self.active)


class NewAccount(AccountChange):
    """A new account with its first password."""

    account: Annotated[Code, Field(title="账号")]
    password: Password


class NewPassword(Body):
    """Another password; whoever changes their own shows the current one."""

    password: Password
    current: Annotated[
        SecretStr | None, Field(max_length=128, title="当前密码", description="本人修改时须填写当前密码")
    ] = None


class NamedAccount(BaseModel):
    """What the person with an account is called."""

    account: str
    name: str = Field(description="姓名")


class AccountOut(BaseModel):
    """An account without its password."""

    account: str
    name: str
    roles: list[Role]
    unit: str | None
    active: bool
    created_at: datetime
    changed_at: datetime

    @classmethod
    def of(cls, record: AccountRecord) -> AccountOut:
        """From the row."""
        return cls(
            account=record.account,
            name=record.name,
            roles=[Role(role) for role in record.roles],
            unit=record.unit,
            active=record.active,
            created_at=record.created_at,
            changed_at=record.changed_at,
        )
