"""Sign the webhooks as an upstream does, because an unsigned one is answered with 401 only."""

from __future__ import annotations

import json
import os
import uuid
from collections.abc import Collection
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation

from sample.upstream import signed_headers
from services.intake.channels.policy import CHANNELS
from services.intake.notices.schemas import NOTICES, names_of
from shared.clock import RealClock

_KINDS = ("orders", *NOTICES)
_WORDS: dict[str, dict[str, Collection[str]]] = {
    kind: {
        code: set(channel.order if kind == "orders" else names_of(channel, kind)) for code, channel in CHANNELS.items()
    }
    for kind in _KINDS
}
_WORDS["states"] = {code: {channel.theirs("upstream_no")} for code, channel in CHANNELS.items()}
_SECRETS = json.loads(os.environ.get("GONGDAN_FUZZ_CHANNELS", "{}"))


def _bytes_of(body: Any) -> bytes:
    if isinstance(body, bytes):
        return body
    return json.dumps(body).encode()


def _speaker_of(body: dict[str, Any], kind: str) -> str:
    """The channel to which this body belongs: the document cannot say that path and body must fit."""
    return max(CHANNELS, key=lambda code: len(body.keys() & set(_WORDS[kind][code])))


def _is_wrong(case: Any, place: ParameterLocation) -> bool:
    """Whether the fuzzer made this part wrong on purpose; then it must not be changed."""
    part = case.meta.components.get(place)
    return part is not None and part.mode.is_negative


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Give a webhook its three headers, computed over the bytes that are sent."""
    headers = case.headers or {}
    if "Idempotency-Key" in headers and not _is_wrong(case, ParameterLocation.HEADER):
        headers["Idempotency-Key"] = str(uuid.uuid4())  # one key for two requests is refused, and rightly
    if not case.operation.path.startswith("/v1/channels/") or case.meta is None:
        return
    if case.meta.generation.mode.is_negative and not _is_wrong(case, ParameterLocation.BODY):
        return  # a header or the path is wrong or missing on purpose
    if isinstance(case.body, dict) and not _is_wrong(case, ParameterLocation.BODY):
        case.path_parameters["channel"] = _speaker_of(case.body, case.operation.path.rsplit("/", 1)[1])
    secret = _SECRETS.get((case.path_parameters or {}).get("channel"), {}).get("in")
    if secret is None or not isinstance(case.body, (dict, list, str, int, float, bool, bytes, type(None))):
        return
    body = _bytes_of(case.body)
    case.body = body
    headers = dict(case.headers or {})
    headers.update(signed_headers(secret, body, now=int(RealClock().now().timestamp())))
    case.headers = headers


_BY_THE_CLOCK = frozenset({"absurd_date", "before_call", "due_too_far", "due_before_start"})
"""Faults of a moment beside now, or beside another moment: no schema can say them, the descriptions do."""
_BY_CONTENT = frozenset({"unknown_order", "revisit_contradicts"})
"""Why an authentic request is kept although its form is right: what it says of its order cannot be."""
_OF_FORM = frozenset({"invalid_request", "http_400", "unsupported_content", "payload_too_large"})
"""The refusals of a form; any other code is a rule of the business, which its description states."""


@schemathesis.check
def accepts_what_the_document_allows(ctx: Any, response: Any, case: Any) -> None:
    """A request that the document allows is never refused for its form: a generated client could not know better."""
    if case.meta is None or case.meta.generation.mode.is_negative or response.status_code not in {400, 413, 415, 422}:
        return
    problem = response.json()
    code, reason = problem["code"], problem.get("facts", {}).get("reason")
    of_platform = case.operation.path.startswith("/v1/channels/") and code == "not_understood"
    if reason in _BY_CONTENT or not (of_platform or code in _OF_FORM):
        return
    faults = problem.get("errors", [])
    if not faults or any(fault["code"] not in _BY_THE_CLOCK for fault in faults):
        said = json.dumps(problem, ensure_ascii=False)
        raise AssertionError(f"{case.operation.label} refuses what its document allows: {said}")
