"""Holds every answer that a test gets against the committed API documents, as a generated client would.

An answer of an operation that no document has, with a status that its operation does not name, with another content
type or a body that does not fit the schema, fails the test. So does a request that was accepted although the document
would not allow its body: a client made from the document could not have sent it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

import httpx
from jsonschema_rs import Draft202012Validator

ROOT: Final = Path(__file__).resolve().parents[2]
_SERVED: Final = re.compile(r"/api/(?P<service>[a-z]+)(?P<path>/v1/.*)")
_NOBODYS: Final = {404: "http_404", 405: "http_405"}
"""The answers that there are for addresses and methods of no operation."""
_STREAM: Final = "text/event-stream"


class NotAsPublished(AssertionError):
    """An answer, or an accepted request, differs from the committed API document: run `make contracts`, or mend it."""


@dataclass
class PublishedOperation:
    """One operation of a document."""

    name: str
    method: str
    path: re.Pattern[str]
    content: Mapping[str, Any]
    components: Mapping[str, Any]
    _known: dict[tuple[str, ...], Draft202012Validator] = field(default_factory=dict)

    def check_answer(self, status: int, content_type: str, body: bytes) -> None:
        """NotAsPublished when the document does not allow this answer."""
        responses = self.content["responses"]
        if str(status) not in responses:
            raise NotAsPublished(f"{self.name} answers {status}, and its document names {sorted(responses)}")
        contents = responses[str(status)].get("content", {})
        if not contents:
            if body:
                raise NotAsPublished(f"{self.name} answers {status} with a body, which its document does not have")
            return
        if content_type not in contents:
            raise NotAsPublished(f"{self.name} answers {status} as {content_type or 'nothing'}, not {list(contents)}")
        if content_type.endswith("json"):
            self._check(("answer", str(status), content_type), contents[content_type].get("schema", {}), body)

    def check_request(self, content_type: str, body: bytes) -> None:
        """NotAsPublished when the document does not allow a body that was accepted."""
        contents = self.content.get("requestBody", {}).get("content", {})
        if content_type in contents and content_type.endswith("json"):
            self._check(("request", content_type), contents[content_type].get("schema", {}), body)

    def _check(self, key: tuple[str, ...], schema: Mapping[str, Any], body: bytes) -> None:
        validator = self._known.get(key)
        if validator is None:
            whole = {"components": self.components, **schema}
            validator = self._known[key] = Draft202012Validator(whole, validate_formats=True)
        value = json.loads(body)
        if not validator.is_valid(value):
            faults = [
                f"{'.'.join(map(str, each.instance_path))}: {each.message}" for each in validator.iter_errors(value)
            ]
            raise NotAsPublished(f"{self.name}, {' '.join(key)}: {'; '.join(faults)[:2000]}")


@cache
def operations_of(service: str) -> tuple[PublishedOperation, ...]:
    """The operations of a service's committed document."""
    return tuple(_operations(service))


def _operations(service: str) -> Iterator[PublishedOperation]:
    document = json.loads((ROOT / "contracts" / "openapi" / f"{service}.json").read_text(encoding="utf-8"))
    # What is written out comes before what is a parameter: /calendar/versions before /calendar/{year}.
    for path in sorted(document["paths"], key=lambda each: each.replace("{", "~")):
        pattern = re.compile(re.sub(r"\\\{[a-z_]+\\\}", "[^/]+", re.escape(path)))
        for method, content in document["paths"][path].items():
            yield PublishedOperation(
                content["operationId"], method.upper(), pattern, content, document.get("components", {})
            )


async def check_published(response: httpx.Response) -> None:
    """A hook of a client: hold this answer, and the request that it accepted, against the documents."""
    request = response.request
    served = _SERVED.fullmatch(request.url.path)
    if served is None or not (ROOT / "contracts" / "openapi" / f"{served['service']}.json").exists():
        return
    content_type = response.headers.get("content-type", "").partition(";")[0]
    body = b"" if content_type == _STREAM else await response.aread()
    operation = next(
        (
            each
            for each in operations_of(served["service"])
            if each.method == request.method and each.path.fullmatch(served["path"])
        ),
        None,
    )
    if operation is None:
        code = json.loads(body).get("code") if content_type.endswith("json") else None
        if code != _NOBODYS.get(response.status_code, ""):
            raise NotAsPublished(
                f"{request.method} {served['path']} is in no document, and answers {response.status_code}"
            )
        return
    operation.check_answer(response.status_code, content_type, body)
    # An answer that is given again says nothing about the body: a request from the quarantine was released corrected.
    accepted = response.is_success and "idempotent-replayed" not in response.headers
    if accepted and request.headers.get("content-type", "").startswith("application/json"):
        operation.check_request("application/json", request.content)


HOOKS: Final[dict[str, list[Any]]] = {"response": [check_published]}
"""For `httpx.AsyncClient(event_hooks=...)`."""
