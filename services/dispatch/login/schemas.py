"""Passwords and tokens as they come and go over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field, SecretStr

from services.dispatch.login.handlers import LoggedIn
from shared.access import allowed_to
from shared.identity import Person, Role
from shared.web import Body, Code

Password = Annotated[SecretStr, Field(min_length=1, max_length=128, title="密码")]


class TokenBody(Body):
    """Account and password."""

    account: Annotated[Code, Field(title="账号")]
    password: Password


class PersonOut(BaseModel):
    """Who somebody is."""

    account: str
    name: str
    roles: list[Role]
    unit: str | None = Field(description="所属承办单位编码；中心及区级角色为空")

    @classmethod
    def of(cls, person: Person) -> PersonOut:
        """From the bearer of a token."""
        return cls(account=person.account, name=person.name, roles=sorted(person.roles), unit=person.unit)


class MeOut(PersonOut):
    """Who I am, and what I may call."""

    may: dict[str, list[str]] = Field(description="可调用的操作：服务 → 操作标识（operationId）")

    @classmethod
    def of(cls, person: Person) -> MeOut:
        """By the table of access."""
        return cls(**PersonOut.of(person).model_dump(), may=allowed_to(person))


class TokenOut(BaseModel):
    """A bearer token."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105 - the kind of token, not one
    expires_at: datetime
    person: PersonOut

    @classmethod
    def of(cls, login: LoggedIn) -> TokenOut:
        """From a login."""
        return cls(access_token=login.token, expires_at=login.ends_at, person=PersonOut.of(login.person))
