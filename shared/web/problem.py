"""problem+json (RFC 9457): a stable code, the clause, the facts, and what to do next in Chinese (R4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final

import orjson
from pydantic import BaseModel, Field
from starlette.responses import Response

from shared.calendar import SHANGHAI
from shared.errors import BusinessError, Unavailable
from shared.telemetry import request_id
from shared.web.faults import CODES, fault_of
from shared.web.titles import Place, title_in_request

_SHOWN: Final = 5
MEDIA_TYPE: Final = "application/problem+json"

TITLES: Final = {
    400: "请求无法识别",
    401: "未登录",
    403: "无权操作",
    404: "未找到",
    405: "方法不支持",
    406: "无法按要求的格式回答",
    408: "请求超时",
    409: "不符合规则",
    413: "内容过大",
    415: "内容类型不支持",
    416: "所请求的范围不可用",
    422: "内容不完整或有误",
    429: "请求过于频繁",
    431: "请求头过大",
    500: "系统内部错误",
    503: "暂时无法服务",
}

_WHOLE: Final = "请求内容"


class FieldFault(BaseModel):
    """One field that is wrong."""

    field: str
    code: str = Field(description="稳定的错误代码，如 " + "、".join(CODES))
    message: str


class Problem(BaseModel):
    """The body of every refusal."""

    type: str = Field(description="稳定的错误地址：urn:gongdan:problem:<code>")
    title: str
    status: int
    code: str = Field(description="稳定的错误代码")
    detail: str = Field(description="中文说明及下一步")
    clause: str | None = Field(default=None, description="依据的条款编号")
    facts: dict[str, Any] = Field(default_factory=dict)
    errors: list[FieldFault] = Field(default_factory=list)
    request_id: str = ""


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(SHANGHAI).isoformat()
    if isinstance(value, (set, frozenset)):
        return sorted(value)
    return str(value)


def problem_response(
    status: int,
    code: str,
    detail: str,
    *,
    title: str = "",
    clause: str = "",
    facts: Mapping[str, Any] | None = None,
    errors: Sequence[Mapping[str, Any]] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """The response for a refusal."""
    body: dict[str, Any] = {
        "type": f"urn:gongdan:problem:{code}",
        "title": title or TITLES.get(status, "请求未能完成"),
        "status": status,
        "code": code,
        "detail": detail,
        "request_id": request_id.get(),
    }
    if clause:
        body["clause"] = clause
    if facts:
        body["facts"] = facts
    if errors:
        body["errors"] = errors
    return Response(
        orjson.dumps(body, default=_plain, option=orjson.OPT_PASSTHROUGH_DATETIME),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=dict(headers or {}),
    )


def problem_of(refusal: BusinessError) -> Response:
    """The response for a business error."""
    headers = {}
    if isinstance(refusal, Unavailable):
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = "Bearer"
    return problem_response(
        refusal.status,
        refusal.code,
        refusal.message,
        title=refusal.title,
        clause=refusal.clause,
        facts=refusal.facts,
        headers=headers,
    )


def field_fault(error: Mapping[str, Any], place: Place, title: str) -> dict[str, str]:
    """One of the library's errors in Chinese: the machine name in `field`, the Chinese one in the message.

    Never the value: it may be personal.
    """
    fault = fault_of(error)
    return {"field": ".".join(map(str, place)), "code": fault.code, "message": f"{title or _WHOLE}：{fault.words}"}


def invalid_response(errors: Sequence[Mapping[str, Any]], route: object) -> Response:
    """The response when fields of a request to `route` are missing or wrong."""
    faults = []
    for error in errors:
        # Broken JSON has no field; the library gives the number of a byte instead.
        location: Place = () if error["type"] == "json_invalid" else tuple(error["loc"])
        faults.append(field_fault(error, location[1:], title_in_request(location, route)))
    detail = "；".join(fault["message"] for fault in faults[:_SHOWN]) + ("……" if len(faults) > _SHOWN else "")
    return problem_response(422, "invalid_request", f"请按提示修改后重新提交：{detail}", errors=faults)
