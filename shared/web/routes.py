"""Three kinds of route: for queries of people, for commands with an idempotency key, and raw routes for webhooks."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from fastapi import Request, Response
from fastapi.routing import APIRoute
from sqlalchemy import text
from starlette.requests import ClientDisconnect

from shared.contracts.places import ANSWER
from shared.errors import Incomplete
from shared.identity import Person
from shared.web.form import Headers, check_content, check_query, headers_of, query_names, read_json
from shared.web.problem import MEDIA_TYPE
from shared.work import Answer as Kept
from shared.work import Work, Works

_LONGEST_KEY: Final = 128
_REFUSED: Final = 400
_KEPT_HEADERS: Final = ("etag", "location")
# Separates the stored headers of an answer from its body: no JSON text holds this character.
_MARK: Final = "\x1e"
Answer = Callable[[Request], Coroutine[Any, Any, Response]]


class RawRoute(APIRoute):
    """The endpoint reads the request and makes the response itself; what it declares is for the OpenAPI document.

    For webhooks: their signature covers the exact bytes, and they must be fast.
    """

    def get_route_handler(self) -> Answer:
        """The endpoint itself."""
        return cast("Answer", self.endpoint)


async def whole_body(request: Request) -> bytes:
    """The body of a raw endpoint's request; the usual single piece is returned without a copy."""
    message = await request.receive()
    if message["type"] == "http.request" and not message.get("more_body", False):
        return cast("bytes", message.get("body", b""))
    pieces = []
    while message["type"] == "http.request":
        pieces.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(pieces)
        message = await request.receive()
    raise ClientDisconnect


class AnsweredBefore(Exception):
    """A request with this idempotency key was answered before."""

    def __init__(self, status: int, answer: bytes, headers: Mapping[str, str]) -> None:
        super().__init__("answered before")
        self.status, self.answer, self.headers = status, answer, headers


class KeyReused(Incomplete):
    """An idempotency key was used before for another request."""

    code = "idempotency_key_reused"

    def __init__(self) -> None:
        super().__init__("该幂等键已用于另一请求，请换用新的幂等键")


class BadKey(Incomplete):
    """An idempotency key is 1 to 128 printable characters."""

    code = "bad_idempotency_key"

    def __init__(self) -> None:
        super().__init__("幂等键应为 1 至 128 个可见字符")


_KNOWN: Final = text("select fingerprint, status, answer from idempotency where actor = :actor and key = :key")


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """A request's Idempotency-Key, and what the request was: SHA-256 of method, path and body."""

    text: str
    fingerprint: str


async def key_of(request: Request) -> IdempotencyKey | None:
    """The request's key; BadKey."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= _LONGEST_KEY or not key.isascii() or not key.isprintable():
        raise BadKey
    # A form with files is not kept: whoever read it says what was in it.
    read_before = getattr(request.state, "content", None)
    body = await request.body() if read_before is None else read_before
    fingerprint = hashlib.sha256(b"\n".join((request.method.encode(), request.url.path.encode(), body))).hexdigest()
    return IdempotencyKey(key, fingerprint)


async def check_unanswered(works: Works, person: Person, key: IdempotencyKey | None) -> None:
    """AnsweredBefore when this request was answered, KeyReused when the key was used for another one."""
    if key is None:
        return
    async with works.read(person) as session:
        connection = await session.connection()
        known = (await connection.execute(_KNOWN, {"actor": person.account, "key": key.text})).one_or_none()
    if known is None:
        return
    if known.fingerprint != key.fingerprint:
        raise KeyReused
    kept = works.sealer.open(bytes(known.answer).decode(), _place(person, key)) if known.answer else ""
    headers, answer = _apart(kept)
    raise AnsweredBefore(known.status, answer.encode(), headers)


def _place(person: Person, key: IdempotencyKey) -> str:
    """The place of a stored answer: it is sealed, because it may name a caller, and readable only for the same account."""
    return ANSWER.at(account=person.account, key=key.text)


def _together(response: Response) -> str:
    """The stored form of an answer: Location and ETag, if set, and its body."""
    headers = {name: response.headers[name] for name in _KEPT_HEADERS if name in response.headers}
    body = bytes(response.body).decode()
    return f"{_MARK}{orjson.dumps(headers).decode()}{_MARK}{body}" if headers else body


def _apart(kept: str) -> tuple[Mapping[str, str], str]:
    """The headers and the body of a stored answer."""
    if not kept.startswith(_MARK):
        return {}, kept
    _, headers, body = kept.split(_MARK, 2)
    return orjson.loads(headers), body


class DeskRequest(Request):
    """A request whose JSON body has each key once and no number that is too long."""

    async def json(self) -> Any:
        """The body; FastAPI refuses what is not JSON."""
        return read_json(await self.body())


class DeskRoute(APIRoute):
    """Asks who calls and whether he may, then looks at the form of the request: nothing that a client says is ignored."""

    def get_route_handler(self) -> Answer:
        """The usual handler, after the check."""
        usual, names = super().get_route_handler(), query_names(self.dependant)
        operation = self.operation_id or self.name

        async def answer(request: Request) -> Response:
            await self.admit(request, operation)
            self.check_headers(headers_of(request))
            check_query(request, names)
            return await usual(DeskRequest(request.scope, request.receive))

        return answer

    async def admit(self, request: Request, operation: str) -> None:
        """Let in who has a token, in the header or in the cookie; Unauthenticated, Forbidden, CrossOrigin."""
        admitted = request.app.state.gate.admit(operation, request)
        if admitted is not None:
            request.state.person, request.state.scope = admitted

    def check_headers(self, headers: Headers) -> None:
        """Refuse a body that this route does not read, by its own account."""
        check_content(headers)


class CommandRoute(DeskRoute):
    """Stores the answer of a command under its idempotency key, in the command's own transaction.

    The function-scoped unit of work is still open when the answer exists, and commits before it leaves (R1).
    """

    def get_route_handler(self) -> Answer:
        """The usual handler, with the answer stored."""
        usual = super().get_route_handler()

        async def answer(request: Request) -> Response:
            response = await usual(request)
            key: IdempotencyKey | None = getattr(request.state, "idempotency_key", None)
            if key is not None:
                work: Work = request.state.work
                kept = _together(response)
                sealed = work.sealer.seal(kept, _place(work.person, key)) if kept else ""
                work.answer(Kept(key.text, key.fingerprint, response.status_code, sealed.encode()))
            return response

        return answer


def replayed(before: AnsweredBefore) -> Response:
    """The answer that the first request with this key got."""
    return Response(
        before.answer,
        status_code=before.status,
        media_type=(MEDIA_TYPE if before.status >= _REFUSED else "application/json") if before.answer else None,
        headers={**before.headers, "Idempotent-Replayed": "true"},
    )
