"""How a platform's request is received: its signature is checked, then it is understood, and it is answered.

The endpoints read the bytes themselves: the signature covers them, and orders are the hot path.  Nothing that a client
sends is answered with 5xx; what is authentic and not understood is kept for a person.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import orjson
from fastapi import Request, Response

from services.intake.channels.errors import NotUnderstood
from services.intake.channels.handlers import Signatures
from services.intake.channels.model import Answered, Channel
from services.intake.channels.policy import CHANNELS, UNKNOWN_BYTES, UNKNOWN_FIELDS
from services.intake.channels.rules import Signing, request_hash
from services.intake.channels.schemas import schema_name
from services.intake.endings.model import Told
from services.intake.endings.rules import refusals_of
from services.intake.quarantine import policy
from services.intake.quarantine.handlers import keep_unverified, keep_verified
from shared.identity import Person, Role
from shared.service import Runtime
from shared.web import whole_body
from shared.web.form import Headers, check_encoding, headers_of
from shared.web.problem import problem_response

_PLAIN: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
ABOUT: Final = (
    f"不认识的字段不影响受理：一次不超过 {UNKNOWN_FIELDS} 个、合计不超过 {UNKNOWN_BYTES // 1024} KB 的，原样保存并显示给经办人员，"
    "其名称在回答的 unknown_fields 中列出。"
    "渠道代码不在七个渠道之内的请求一律回答 422。以任一渠道密钥签名的，在 1 MB 以内均予保存，待人工处理；"
    f"未签名的，仅在单个不超过 {policy.UNVERIFIED_BYTES // 1024} KB、同一来源待处理不超过 {policy.UNVERIFIED_PER_SOURCE} 件、"
    f"合计不超过 {policy.UNVERIFIED_TOTAL} 件时保存，否则不保存并以 unknown_channel_not_kept 告知所达上限。"
)
"""What the API document says about unknown fields and an unknown channel."""
_NOT_APPLIED: Final = "该工单已有版本号更大的内容，本次推送的是较早的版本，已知悉，未采用；无须重发"
_REPLAYED: Final = {"Idempotent-Replayed": "true"}
_REFUSED: Final = 422


@dataclass(frozen=True, slots=True)
class Pushed:
    """An authentic request of a channel; its content is not read yet."""

    channel: Channel
    kind: str
    webhook_id: str
    body: bytes
    body_hash: bytes


async def receive(request: Request, kind: str, take_in: Callable[[Runtime, Pushed], Awaitable[Answered]]) -> Response:
    """Verify a request, let `take_in` apply it, and answer; a request that it does not understand goes to the quarantine."""
    runtime = cast("Runtime", request.app.state.runtime)
    code: str = request.path_params["channel"]
    given = headers_of(request)
    check_encoding(given)
    body = await whole_body(request)
    channel = CHANNELS.get(code)
    if channel is None:
        return await _unknown_channel(request, given, runtime, code, kind, body)
    pushed = _verified(request, given, runtime, channel, kind, body)
    try:
        return _answer(await take_in(runtime, pushed))
    except NotUnderstood as fault:
        return await _quarantined(request, runtime, pushed, fault)


async def question(request: Request, kind: str, answer: Callable[[Runtime, Pushed], Awaitable[Response]]) -> Response:
    """Verify a request that only asks something and answer it; nothing of it is kept, also when it is not understood."""
    runtime = cast("Runtime", request.app.state.runtime)
    given = headers_of(request)
    check_encoding(given)
    body = await whole_body(request)
    channel = CHANNELS.get(request.path_params["channel"])
    if channel is None:
        said = "渠道代码不在七个渠道之内，请核对查询地址"
        return problem_response(_REFUSED, "unknown_channel", said, clause="S1.1.1a", facts={"channels": list(CHANNELS)})
    try:
        return await answer(runtime, _verified(request, given, runtime, channel, kind, body))
    except NotUnderstood as fault:
        facts = {"reason": fault.reason}
        return problem_response(_REFUSED, fault.code, fault.message, facts=facts, errors=fault.faults)


def platform(channel: str) -> Person:
    """Who acts when a channel's request is applied."""
    return Person(account=f"channel:{channel}", name=channel, roles=frozenset({Role.SYSTEM}))


# --- For the API document -------------------------------------------------------------------------------------------


def documented(kind: str, examples: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters and the body of a webhook for the API document: the schema and the examples of each platform."""
    references = [{"$ref": f"#/components/schemas/{schema_name(channel, kind)}"} for channel in CHANNELS.values()]
    content: dict[str, Any] = {"schema": {"anyOf": references}, "examples": examples}
    headers = {
        "webhook-id": (
            "请求编号，1 至 128 个可见 ASCII 字符；同一请求重发时不变，另一请求必须换用新的编号",
            {"title": "请求编号", "type": "string", "minLength": 1, "maxLength": 128},
        ),
        "webhook-timestamp": (
            "发送时间，1970-01-01T00:00:00Z 以来的秒数，允许前后相差 5 分钟；每次发送重新填写并重新签名",
            {"title": "发送时间", "type": "string", "pattern": "^[0-9]{1,12}$", "examples": ["1795395600"]},
        ),
        "webhook-signature": (
            (
                "`v1,` 与 base64(HMAC-SHA256(密钥, `<webhook-id>.<webhook-timestamp>.<请求体原始字节>`))；密钥为 `whsec_` "
                "之后部分经 base64 解码所得的字节；多个签名以空格分隔，一个相符即可"
            ),
            {"title": "签名", "type": "string", "examples": ["v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4="]},
        ),
    }
    return {
        "parameters": [
            {
                "name": "channel",
                "in": "path",
                "required": True,
                "description": "渠道代码",
                "schema": {"title": "渠道代码", "type": "string", "enum": list(CHANNELS)},
            },
            *(
                {"name": name, "in": "header", "required": True, "description": about, "schema": schema}
                for name, (about, schema) in headers.items()
            ),
        ],
        "requestBody": {"required": True, "content": {"application/json": content}},
    }


def refused(*told: Told, also: str = "") -> dict[int | str, dict[str, Any]]:
    """The 409 of these messages for the API document, with its codes; `also` are codes of the endpoint's own."""
    said = [*([also] if also else []), *(f"{refusal.code}：{refusal.said}" for refusal in refusals_of(*told))]
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {409: {"description": "；".join(said), "content": content}}


def _links(*operations: str) -> dict[str, Any]:
    return {name: {"operationId": name, "parameters": {"order_id": "$response.body#/order_id"}} for name in operations}


ORDER_LINKS: Final = _links("read_order", "read_versions", "overrule_flags", "reveal_caller")


# --- The steps ------------------------------------------------------------------------------------------------------


def _verified(request: Request, given: Headers, runtime: Runtime, channel: Channel, kind: str, body: bytes) -> Pushed:
    webhook_id = runtime.parts.of(Signatures).check(
        channel.code, _signing(given), body, now=runtime.clock.now(), source=_source(request)
    )
    return Pushed(channel, kind, webhook_id, body, request_hash(kind, body))


def _signing(given: Headers) -> Signing:
    return {
        "webhook_id": given.get(b"webhook-id", b"").decode("latin-1"),
        "timestamp": given.get(b"webhook-timestamp", b"").decode("latin-1"),
        "signatures": given.get(b"webhook-signature", b"").decode("latin-1"),
    }


def _source(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


async def _unknown_channel(
    request: Request, given: Headers, runtime: Runtime, code: str, kind: str, body: bytes
) -> Response:
    # The sender chose the address, which may hold anything: it is shown only if it is a plain word.
    shown = code if _PLAIN.fullmatch(code) else "?"
    signer = runtime.parts.of(Signatures).signer_of(_signing(given), body, now=runtime.clock.now())
    if signer is not None:
        return await _misaddressed(request, runtime, shown, kind, body, signed_by=signer[0], webhook_id=signer[1])
    async with runtime.works.begin(platform("unknown")) as work:
        kept = await keep_unverified(work, channel=shown, kind=kind, body=body, source=_source(request))
    said = "渠道代码不在七个渠道之内，请核对推送地址；该请求已隔离待人工处理"
    facts = {"channel": shown, "channels": list(CHANNELS), "quarantine_id": kept}
    return problem_response(_REFUSED, "unknown_channel", said, clause="S1.1.1a", facts=facts)


async def _misaddressed(
    request: Request, runtime: Runtime, shown: str, kind: str, body: bytes, *, signed_by: str, webhook_id: str
) -> Response:
    """A platform's signed request at a wrong address: the limits for unsigned requests do not apply (S1.1.1a)."""
    said = f"渠道代码不在七个渠道之内；签名与{CHANNELS[signed_by].title}（{signed_by}）的密钥相符，请核对推送地址"
    fault = {"field": "channel", "code": "unknown_channel", "message": said}
    async with runtime.works.begin(platform(signed_by)) as work:
        kept = await keep_verified(
            work,
            channel=shown,
            kind=kind,
            webhook_id=webhook_id,
            body_hash=request_hash(kind, body),
            body=body,
            source=_source(request),
            reason="unknown_channel",
            faults=[fault],
            signed_by=signed_by,
        )
    if not isinstance(kept, str):
        if kept.status != _REFUSED:
            return _answer(kept)
        kept = kept.quarantine_id or ""
    facts = {"channel": shown, "channels": list(CHANNELS), "signed_by": signed_by, "quarantine_id": kept}
    return problem_response(
        _REFUSED, "unknown_channel", f"{said}；该请求已隔离待人工处理", clause="S1.1.1a", facts=facts
    )


async def _quarantined(request: Request, runtime: Runtime, pushed: Pushed, fault: NotUnderstood) -> Response:
    async with runtime.works.begin(platform(pushed.channel.code)) as work:
        kept = await keep_verified(
            work,
            channel=pushed.channel.code,
            kind=pushed.kind,
            webhook_id=pushed.webhook_id,
            body_hash=pushed.body_hash,
            body=pushed.body,
            source=_source(request),
            reason=fault.reason,
            faults=fault.faults,
        )
    if not isinstance(kept, str):
        if kept.status != _REFUSED:
            return _answer(kept)
        kept = kept.quarantine_id or ""
    return problem_response(
        _REFUSED,
        fault.code,
        fault.message,
        facts={"reason": fault.reason, "quarantine_id": kept},
        errors=fault.faults,
    )


def _answer(answered: Answered) -> Response:
    headers = _REPLAYED if answered.replayed else None
    if answered.status == _REFUSED or answered.order_id is None:
        return problem_response(
            _REFUSED,
            NotUnderstood.code,
            "该请求此前无法识别，已隔离待人工处理；请更正后以新的 webhook-id 发送",
            facts={"quarantine_id": answered.quarantine_id or ""},
            headers=headers,
        )
    answer: dict[str, Any] = {"order_id": answered.order_id}
    if answered.version is not None:
        answer["version"] = answered.version
    if answered.not_applied is not None:
        answer |= {"not_applied": answered.not_applied, "detail": _NOT_APPLIED}
    if answered.unknown:
        answer["unknown_fields"] = answered.unknown
    return Response(orjson.dumps(answer), status_code=answered.status, media_type="application/json", headers=headers)
