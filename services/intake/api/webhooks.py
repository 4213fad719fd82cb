"""The platforms push here.  The endpoints read the bytes themselves: the signature covers them, and it is the hot path.

Nothing that a client sends is answered with 5xx; what is authentic and not understood is kept for a person.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final, TypedDict, cast

import orjson
from fastapi import APIRouter, Request, Response

from services.intake.errors import NotUnderstood, SignatureRefused
from services.intake.handlers import notices, quarantine
from services.intake.handlers.parts import NAME, Parts
from services.intake.model import Channel
from services.intake.policy import CHANNELS, limits
from services.intake.rules import check_signature, signer_of
from services.intake.schemas.upstream import (
    CancellationBody,
    RedoBody,
    RevisitBody,
    UrgeBody,
    decoded,
    notice_of,
    order_of,
    schema_of,
)
from services.intake.schemas.views import AcceptedView, NoticeView
from shared.identity import Person, Role
from shared.service import Runtime
from shared.telemetry import logger
from shared.web import Body, RawRoute, whole_body
from shared.web.form import Headers, check_encoding, headers_of
from shared.web.problem import problem_response
from shared.work import Work

log = logger("intake.webhooks")

router = APIRouter(prefix="/v1/channels", route_class=RawRoute, tags=["上级平台推送"])

_PLAIN: Final = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_ABOUT: Final = (
    "渠道代码不在七个渠道之内的请求一律回答 422。以任一渠道密钥签名的，在 1 MB 以内均予保存，待人工处理；"
    f"未签名的，仅在单个不超过 {limits.UNVERIFIED_BYTES // 1024} KB、同一来源待处理不超过 {limits.UNVERIFIED_PER_SOURCE} 件、"
    f"合计不超过 {limits.UNVERIFIED_TOTAL} 件时保存，否则不保存并以 unknown_channel_not_kept 告知所达上限。"
)
_REPLAYED: Final = {"Idempotent-Replayed": "true"}


class _Signing(TypedDict):
    webhook_id: str
    timestamp: str
    signatures: str


def _platform(channel: str) -> Person:
    return Person(account=f"channel:{channel}", name=channel, roles=frozenset({Role.SYSTEM}))


def _documented(kind: str) -> dict[str, Any]:
    """The parameters and the body of a webhook for the API document, each platform in its own words."""
    content: dict[str, Any] = {"schema": {"anyOf": [schema_of(channel, kind) for channel in CHANNELS.values()]}}
    if kind == "orders":
        content["examples"] = {
            channel.code: {"summary": channel.title, "value": channel.example} for channel in CHANNELS.values()
        }
    headers = {
        "webhook-id": (
            "请求编号，重发时不变",
            {"title": "请求编号", "type": "string", "minLength": 1, "maxLength": 128},
        ),
        "webhook-timestamp": (
            "发送时间，1970 年以来的秒数，允许前后相差 5 分钟",
            {"title": "发送时间", "type": "string"},
        ),
        "webhook-signature": ("v1,<base64>，HMAC-SHA256；多个以空格分隔", {"title": "签名", "type": "string"}),
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


def _links(*operations: str) -> dict[str, Any]:
    return {name: {"operationId": name, "parameters": {"order_id": "$response.body#/order_id"}} for name in operations}


_ORDER_LINKS: Final = _links("read_order", "read_versions", "overrule_flags", "reveal_caller")


@router.post(
    "/{channel}/orders",  # noqa: FAST003 - a raw endpoint takes the request and finds its path parameter there
    summary="推送工单：同一编号再次推送即为同一工单，内容有变则为新版本",
    operation_id="receive_order",
    description=_ABOUT,
    status_code=201,
    response_model=AcceptedView,
    responses={
        200: {"model": AcceptedView, "description": "已受理过的工单，或其新版本", "links": _ORDER_LINKS},
        201: {"model": AcceptedView, "description": "新工单", "links": _ORDER_LINKS},
    },
    openapi_extra=_documented("orders"),
)
async def receive_order(request: Request) -> Response:
    """Verify, understand, store; the answer leaves after the commit."""
    runtime, parts = _running(request)
    code: str = request.path_params["channel"]
    given = headers_of(request)
    check_encoding(given)
    body = await whole_body(request)
    channel = CHANNELS.get(code)
    if channel is None:
        return await _unknown_channel(request, given, runtime, parts, code, "orders", body)
    webhook_id = _verified(request, given, runtime, parts, code, body)
    body_hash = hashlib.sha256(body).digest()
    try:
        order = order_of(channel, decoded(body), now=runtime.clock.now())
        accepted = await parts.acceptance.accept(channel, webhook_id, body_hash, order)
    except NotUnderstood as fault:
        return await _quarantined(request, runtime, channel, "orders", webhook_id, body, fault)
    return _answered(
        accepted.status, accepted.order_id, accepted.version, accepted.quarantine_id, replayed=accepted.replayed
    )


def _notice_route(kind: str, operation: str, summary: str, *, about: str = "") -> None:
    async def receive(request: Request) -> Response:
        return await _receive_notice(request, kind)

    receive.__name__ = operation
    receive.__doc__ = "Verify, understand, apply; the answer leaves after the commit."
    router.post(
        f"/{{channel}}/{kind}",
        summary=summary,
        operation_id=operation,
        description=about + _ABOUT,
        response_model=NoticeView,
        responses={200: {"description": "已登记", "links": _ORDER_LINKS}},
        openapi_extra=_documented(kind),
    )(receive)


_notice_route("cancellations", "receive_cancellation", "推送撤单")
_notice_route("urges", "receive_urge", "推送催办")
_notice_route(
    "revisits",
    "receive_revisit",
    "推送回访结果",
    about="工单尚无审核通过的答复时回答 409（not_yet_answered），请在收到本平台的反馈后再推送；原 webhook-id 仍可使用。",
)
_notice_route("redos", "receive_redo", "推送重办要求")


async def _receive_notice(request: Request, kind: str) -> Response:
    runtime, parts = _running(request)
    code: str = request.path_params["channel"]
    given = headers_of(request)
    check_encoding(given)
    body = await whole_body(request)
    channel = CHANNELS.get(code)
    if channel is None:
        return await _unknown_channel(request, given, runtime, parts, code, kind, body)
    webhook_id = _verified(request, given, runtime, parts, code, body)
    try:
        notice = notice_of(channel, kind, decoded(body), now=runtime.clock.now())
        async with runtime.works.begin(_platform(code)) as work:
            known = await notices.take_request(
                work, channel=code, webhook_id=webhook_id, body_hash=hashlib.sha256(body).digest()
            )
            if known is not None:
                return _answered(known.status, known.order_id, None, known.quarantine_id, replayed=True)
            order_id = await apply_notice(work, code, notice)
            await notices.answer_request(work, channel=code, webhook_id=webhook_id, order_id=order_id)
    except NotUnderstood as fault:
        return await _quarantined(request, runtime, channel, kind, webhook_id, body, fault)
    return _answered(200, order_id, None, None, replayed=False)


async def apply_notice(work: Work, platform: str, notice: Body) -> str:
    """Let a notice take effect; the order's id."""
    match notice:
        case CancellationBody():
            return await notices.cancel_order(
                work, platform, notice.upstream_no, reason=notice.reason, happened_at=notice.happened_at
            )
        case UrgeBody():
            return await notices.urge_order(work, platform, notice.upstream_no, happened_at=notice.happened_at)
        case RevisitBody():
            return await notices.record_revisit(
                work,
                platform,
                notice.upstream_no,
                connected=notice.connected,
                solved=notice.solved,
                satisfied=notice.satisfied,
                opinion=notice.opinion,
                happened_at=notice.happened_at,
            )
        case RedoBody():
            return await notices.request_redo(
                work, platform, notice.upstream_no, reason=notice.reason, happened_at=notice.happened_at
            )
        case _:
            raise AssertionError(type(notice))


def _running(request: Request) -> tuple[Runtime, Parts]:
    runtime = cast("Runtime", request.app.state.runtime)
    return runtime, cast("Parts", runtime.parts[NAME])


def _verified(request: Request, given: Headers, runtime: Runtime, parts: Parts, code: str, body: bytes) -> str:
    """The webhook-id of an authentic request; a refused one is counted and logged, and leaves nothing else."""
    try:
        return check_signature(
            parts.keys.get(code, ()),
            **_signing(given),
            body=body,
            now=runtime.clock.now(),
        )
    except SignatureRefused as refusal:
        parts.signatures_refused.labels(code, refusal.reason).inc()
        log.warning("signature refused", channel=code, fault=refusal.reason, source=_source(request))
        raise


def _signing(given: Headers) -> _Signing:
    return {
        "webhook_id": given.get(b"webhook-id", b"").decode("latin-1"),
        "timestamp": given.get(b"webhook-timestamp", b"").decode("latin-1"),
        "signatures": given.get(b"webhook-signature", b"").decode("latin-1"),
    }


def _source(request: Request) -> str:
    return request.client.host if request.client is not None else "unknown"


async def _unknown_channel(
    request: Request, given: Headers, runtime: Runtime, parts: Parts, code: str, kind: str, body: bytes
) -> Response:
    # The address is of the sender's making.  Who decides on the request is shown a plain word, or nothing of it.
    shown = code if _PLAIN.fullmatch(code) else "?"
    signer = signer_of(parts.keys, **_signing(given), body=body, now=runtime.clock.now())
    if signer is not None:
        return await _misaddressed(request, runtime, shown, kind, body, signed_by=signer[0], webhook_id=signer[1])
    async with runtime.works.begin(_platform("unknown")) as work:
        kept = await quarantine.keep_unverified(work, channel=shown, kind=kind, body=body, source=_source(request))
    said = "渠道代码不在七个渠道之内，请核对推送地址；该请求已隔离待人工处理"
    facts = {"channel": shown, "channels": list(CHANNELS), "quarantine_id": kept}
    return problem_response(422, "unknown_channel", said, clause="S1.1.1a", facts=facts)


async def _misaddressed(
    request: Request, runtime: Runtime, shown: str, kind: str, body: bytes, *, signed_by: str, webhook_id: str
) -> Response:
    """A platform's own request at an address that is no channel's: the quota for strangers is not for it (S1.1.1a)."""
    said = f"渠道代码不在七个渠道之内；签名与{CHANNELS[signed_by].title}（{signed_by}）的密钥相符，请核对推送地址"
    fault = {"field": "channel", "code": "unknown_channel", "message": said, "signed_by": signed_by}
    async with runtime.works.begin(_platform(signed_by)) as work:
        kept = await quarantine.keep_verified(
            work,
            channel=shown,
            kind=kind,
            webhook_id=webhook_id,
            body_hash=hashlib.sha256(body).digest(),
            body=body,
            source=_source(request),
            reason="unknown_channel",
            faults=[fault],
            signed_by=signed_by,
        )
    if not isinstance(kept, str):
        if kept.status != _REFUSED:
            return _answered(kept.status, kept.order_id, kept.version, kept.quarantine_id, replayed=True)
        kept = kept.quarantine_id or ""
    facts = {"channel": shown, "channels": list(CHANNELS), "signed_by": signed_by, "quarantine_id": kept}
    return problem_response(
        _REFUSED, "unknown_channel", f"{said}；该请求已隔离待人工处理", clause="S1.1.1a", facts=facts
    )


async def _quarantined(
    request: Request,
    runtime: Runtime,
    channel: Channel,
    kind: str,
    webhook_id: str,
    body: bytes,
    fault: NotUnderstood,
) -> Response:
    async with runtime.works.begin(_platform(channel.code)) as work:
        kept = await quarantine.keep_verified(
            work,
            channel=channel.code,
            kind=kind,
            webhook_id=webhook_id,
            body_hash=hashlib.sha256(body).digest(),
            body=body,
            source=_source(request),
            reason=fault.reason,
            faults=fault.faults,
        )
    if not isinstance(kept, str):
        if kept.status != _REFUSED:
            return _answered(kept.status, kept.order_id, kept.version, kept.quarantine_id, replayed=True)
        kept = kept.quarantine_id or ""
    return problem_response(
        _REFUSED,
        fault.code,
        fault.message,
        facts={"reason": fault.reason, "quarantine_id": kept},
        errors=fault.faults,
    )


_REFUSED: Final = 422


def _answered(
    status: int, order_id: str | None, version: int | None, quarantine_id: str | None, *, replayed: bool
) -> Response:
    headers = _REPLAYED if replayed else None
    if status == _REFUSED or order_id is None:
        return problem_response(
            _REFUSED,
            NotUnderstood.code,
            "该请求此前无法识别，已隔离待人工处理；请更正后以新的 webhook-id 发送",
            facts={"quarantine_id": quarantine_id or ""},
            headers=headers,
        )
    answer: dict[str, str | int] = {"order_id": order_id}
    if version is not None:
        answer["version"] = version
    return Response(orjson.dumps(answer), status_code=status, media_type="application/json", headers=headers)
