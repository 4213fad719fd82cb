"""What the tests hold every answer against finds each way in which an answer can differ from its document."""

from typing import Any

import httpx
import orjson
import pytest

from services.intake.channels.policy import CHANNELS
from tests.support.published import HOOKS, NotAsPublished

ORDERS = "/api/intake/v1/channels/city_12345/orders"
PROBLEM = {"type": "urn:gongdan:problem:x", "title": "x", "status": 409, "code": "x", "detail": "x"}
ACCEPTED = {"order_id": "0199", "version": 1}
EXAMPLE = CHANNELS["city_12345"].example


def problem(status: int, **changes: Any) -> httpx.Response:
    body = orjson.dumps({**PROBLEM, **changes})
    return httpx.Response(status, content=body, headers={"content-type": "application/problem+json"})


async def ask(answer: httpx.Response, path: str = ORDERS, method: str = "POST", **request: Any) -> httpx.Response:
    transport = httpx.MockTransport(lambda _: answer)
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", event_hooks=HOOKS) as http:
        return await http.request(method, path, **request)


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        (httpx.Response(201, json=ACCEPTED), {"json": EXAMPLE}),
        (problem(409), {"json": {"orderNum": 1}}),
        (httpx.Response(200, json=ACCEPTED, headers={"idempotent-replayed": "true"}), {"json": {"surprise": 1}}),
        (problem(404, code="http_404"), {"path": "/api/intake/v1/nothing"}),
        (problem(405, code="http_405"), {"method": "DELETE"}),
        (httpx.Response(200, text="ready"), {"path": "/readyz", "method": "GET"}),
    ],
)
async def test_an_answer_as_published_passes(answer: httpx.Response, request_: dict[str, Any]) -> None:
    assert (await ask(answer, **request_)).status_code == answer.status_code


@pytest.mark.parametrize(
    ("answer", "request_"),
    [
        (httpx.Response(202, json=ACCEPTED), {"json": EXAMPLE}),
        (httpx.Response(201, json={"order_id": 7, "version": 1}), {"json": EXAMPLE}),
        (httpx.Response(201, json={"version": 1}), {"json": EXAMPLE}),
        (httpx.Response(201, text="accepted"), {"json": EXAMPLE}),
        (httpx.Response(409, json=PROBLEM), {}),
        (problem(409, title=None), {}),
        (httpx.Response(201, json=ACCEPTED), {"json": {**EXAMPLE, "callTime": "yesterday"}}),
        (httpx.Response(200, json={}), {"path": "/api/intake/v1/nothing"}),
        (problem(404, code="unknown_order"), {"path": "/api/intake/v1/nothing"}),
    ],
)
async def test_an_answer_or_an_accepted_request_that_is_not_as_published_is_found(
    answer: httpx.Response, request_: dict[str, Any]
) -> None:
    with pytest.raises(NotAsPublished):
        await ask(answer, **request_)
