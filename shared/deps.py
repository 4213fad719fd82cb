"""What routes ask for: the person, a unit of work, a session for reading.  The route has let the person in (S4.2a)."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from typing import Annotated, Final, cast

from fastapi import Depends, Header, Query, Request
from fastapi.dependencies.models import Dependant
from sqlalchemy.ext.asyncio import AsyncSession

from shared.access import Scope
from shared.db.faults import is_transient
from shared.errors import Conflict, Incomplete
from shared.identity import Person
from shared.service import Runtime
from shared.web.routes import check_unanswered, key_of
from shared.work import Work


def _running(request: Request) -> Runtime:
    return cast("Runtime", request.app.state.runtime)


# All of these are `async` though most wait for nothing: FastAPI would send a plain function through a thread.  They ask
# the request and not each other: FastAPI goes through the whole tree of dependencies for each branch in which one stands,
# also when it has its value, and a command with eight of them spent more time there than in its rules.
async def runtime_of(request: Request) -> Runtime:
    """The running service that this request reached."""
    return _running(request)


ThisRuntime = Annotated[Runtime, Depends(runtime_of)]


async def _person(request: Request) -> Person:
    return cast("Person", request.state.person)


CurrentPerson = Annotated[Person, Depends(_person)]
"""Whoever calls."""


async def _scope(request: Request) -> Scope:
    return cast("Scope", request.state.scope)


CurrentScope = Annotated[Scope, Depends(_scope)]
"""Which orders the person may see."""


async def _work(request: Request) -> AsyncIterator[Work]:
    works, person = _running(request).works, request.state.person
    key = request.state.idempotency_key = await key_of(request)
    try:
        async with works.begin(person) as work:
            request.state.work = work
            yield work
    except Exception as fault:
        # The statement that ends a command writes its key, so a command that comes a second time is refused by then: by
        # its own rules, because it has taken effect, or by the key.
        if not is_transient(fault):
            await check_unanswered(works, person, key)
        raise


def keeps_answers(dependant: Dependant) -> bool:
    """Whether an operation keeps its answer under the Idempotency-Key of its request: it works in one transaction."""
    return dependant.call is _work or any(keeps_answers(below) for below in dependant.dependencies)


async def _once(request: Request) -> None:
    await check_unanswered(_running(request).works, request.state.person, await key_of(request))


Once: Final = Depends(_once)
"""For a command that has an effect outside of its transaction: asks for its key before it begins."""


InWork = Annotated[Work, Depends(_work, scope="function")]
"""One transaction for the request, committed before the answer leaves (R1)."""


async def _look(request: Request) -> AsyncIterator[Work]:
    async with _running(request).works.begin(request.state.person) as work:
        yield work


InLook = Annotated[Work, Depends(_look, scope="function")]
"""One transaction for a query that is written into the audit trail; a query has no idempotency key."""


async def _session(request: Request) -> AsyncIterator[AsyncSession]:
    async with _running(request).works.read(request.state.person) as session:
        yield session


InRead = Annotated[AsyncSession, Depends(_session, scope="function")]
"""A session for queries."""


class BadVersion(Incomplete):
    """If-Match is one version in quotes, as ETag gave it, or the star that stands for any."""

    code = "bad_if_match"

    def __init__(self) -> None:
        super().__init__(
            'If-Match 应为读取时返回的一个 ETag，如 "3"，或以 * 表示任意版本；不支持弱标签（W/）和多个标签'
        )


_VERSION: Final = re.compile(r'"([0-9]{1,18})"')
IF_MATCH_PATTERN: Final = r'^(\*|"\d{1,18}")$'


def version_in(if_match: str | None) -> int | None:
    """The version that If-Match names; None without one, and for the star; BadVersion."""
    if if_match is None or if_match == "*":
        return None
    version = _VERSION.fullmatch(if_match)
    if version is None:
        raise BadVersion
    return int(version[1])


async def _if_match(
    if_match: Annotated[
        str | None,
        Header(
            title="版本（If-Match）",
            description="读取时返回的 ETag；* 为任意版本，与不填相同",
            json_schema_extra={"pattern": IF_MATCH_PATTERN},
        ),
    ] = None,
) -> int | None:
    return version_in(if_match)


IfMatch = Annotated[int | None, Depends(_if_match)]
"""The version that the client read, from If-Match; None when it did not say, or said that any will do."""


def check_version(found: int, expected: int | None) -> None:
    """Refuse with 409 when the record is no longer what the client read."""
    if expected is not None and expected != found:
        raise Conflict


Cursor = Annotated[
    str | None, Query(max_length=500, pattern=r"^[A-Za-z0-9_-]+$", title="翻页标记", description="上一页返回的 next")
]
Limit = Annotated[int, Query(ge=1, le=200, title="每页条数", description="每页条数")]
