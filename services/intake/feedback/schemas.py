"""What the API shows of replies on their way to the platforms."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from pydantic import BaseModel, Field

from services.intake.channels.model import Channel, Spelling
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import pascal
from services.intake.feedback import policy
from services.intake.feedback.model import AckedBy, Answer, DeliveryState
from services.intake.feedback.rules import feedback_body
from shared.calendar import SHANGHAI


class DeliveryLine(BaseModel):
    """A reply on its way to its platform."""

    id: str
    order_id: str
    reply_id: str
    channel: str
    platform_no: str | None = Field(description="上级平台工单编号")
    round: int
    unit: str
    disposition: str
    state: DeliveryState
    attempts: int
    created_at: datetime
    next_at: datetime | None
    acked_at: datetime | None
    acked_by: AckedBy | None


class AttemptView(BaseModel):
    """One attempt; `ended_at` empty when it is not known how it ended."""

    number: int
    started_at: datetime
    ended_at: datetime | None
    status: int | None = Field(description="平台回答的 HTTP 状态码")
    outcome: str | None = Field(
        description="acked 已确认 / not_acknowledged 回答了 2xx 但不能视为确认 / status_<状态码> / timeout / unreachable / "
        "no_address / unreadable"
    )
    reason: str | None = Field(
        description="not_acknowledged 的原因：not_json / not_an_object / repeated_field / too_long / encoded / "
        "says_failure:<字段>=<值>"
    )
    words: str | None = Field(description="以上两项的中文说明")


class DeliveryDetail(DeliveryLine):
    """A delivery with its attempts."""

    history: list[AttemptView]


# --- What is sent to the platforms, for the API document ------------------------------------------------------------

_TEXT: Final = {"type": "string"}
_FIELDS: Final[Mapping[str, Mapping[str, Any]]] = {
    "order_no": {**_TEXT, "description": "贵平台的工单编号"},
    "demand_version": {
        "type": "integer",
        "minimum": 1,
        "description": "所答复的诉求内容版本：推送工单时本平台回答的 version",
    },
    "reply_id": {**_TEXT, "description": "本次答复的编号；同一答复重发时不变"},
    "round": {"type": "integer", "minimum": 1, "description": "第几轮提交的答复"},
    "unit": {**_TEXT, "description": "承办单位名称"},
    "replied_on": {**_TEXT, "format": "date", "description": "答复日期（北京时间），如 2026-11-23"},
    "leader_name": {**_TEXT, "description": "承办单位审阅人姓名"},
    "disposition": {**_TEXT, "enum": list(policy.DISPOSITIONS.values()), "description": "办理结论"},
    "contact_person": {**_TEXT, "description": "联系人"},
    "contact_phone": {**_TEXT, "description": "联系电话"},
    "findings": {**_TEXT, "description": "调查情况与办理结果"},
    "satisfaction": {**_TEXT, "enum": list(policy.SATISFACTIONS.values()), "description": "来电人对办理的态度"},
    "remarks": {**_TEXT, "description": "备注"},
}
_CONTACT_AT: Final[Mapping[Spelling, Mapping[str, Any]]] = {
    "local": {**_TEXT, "description": "联系时间，北京时间，如 2026-11-23 15:30:00"},
    "iso": {**_TEXT, "format": "date-time", "description": "联系时间，如 2026-11-23T15:30:00+08:00"},
    "millis": {"type": "integer", "description": "联系时间，1970-01-01T00:00:00Z 以来的毫秒数"},
}
_OPTIONAL: Final = frozenset({"contact_person", "contact_at", "contact_phone", "findings", "satisfaction", "remarks"})
_REPLIED_AT: Final = datetime(2026, 11, 24, 16, 20, tzinfo=SHANGHAI)
_EXAMPLE: Final = {
    "contact_person": "王科员",
    "contact_at": datetime(2026, 11, 24, 15, 30, tzinfo=SHANGHAI).isoformat(),
    "contact_phone": "0535-6890000",
    "findings": "经现场核实，反映情况属实。已于当日清理占道摊位，并安排专人每日早间值守，来电人表示认可。",
    "satisfaction": "satisfied",
}


def _schema_name(channel: Channel) -> str:
    return f"{pascal(channel.code)}Feedback"


def feedback_schemas() -> dict[str, Any]:
    """The body of the feedback to each channel, by its name in the API document."""
    return {
        _schema_name(channel): {
            "type": "object",
            "description": f"{channel.title}（{channel.code}）：办理结果反馈",
            "properties": {
                theirs: dict(_CONTACT_AT[channel.spelling] if ours == "contact_at" else _FIELDS[ours])
                for ours, theirs in channel.feedback.items()
            },
            "required": [theirs for ours, theirs in channel.feedback.items() if ours not in _OPTIONAL],
        }
        for channel in CHANNELS.values()
    }


def feedback_example(channel: Channel) -> dict[str, Any]:
    """The feedback to the order that is the channel's example."""
    return feedback_body(
        channel,
        Answer(
            order_no=channel.example[channel.theirs("upstream_no")],
            demand_version=1,
            reply_id="0199c0de-7a11-7abc-8def-0123456789ab",
            round=1,
            unit_name="区综合行政执法局",
            leader_name="周局长",
            leader_at=_REPLIED_AT,
            disposition="solved",
            reply=_EXAMPLE,
        ),
    )


def waits() -> str:
    """The waits before the attempts, in Chinese: 立即、5 秒、5 分钟。"""
    return "、".join(_wait(each) for each in policy.FEEDBACK_SCHEDULE)


def _wait(wait: timedelta) -> str:
    seconds = int(wait.total_seconds())
    if seconds == 0:
        return "立即"
    for length, word in ((3600, "小时"), (60, "分钟")):
        if seconds % length == 0:
            return f"{seconds // length} {word}"
    return f"{seconds} 秒"


_ABOUT: Final = f"""本平台把审核通过的答复以 POST 发送到渠道配置的地址（一个渠道一个地址，不跟随重定向）。

**签名**：与推送工单相同，以 Standard Webhooks 签名，密钥为渠道的 `out` 密钥。请先验签，再处理。

**确认收到**：{policy.FEEDBACK_TIMEOUT_SECONDS:.0f} 秒内回答 2xx，且回答正文为空，或为 JSON 对象（Content-Type 为 JSON，不压缩，不超过
{policy.ANSWER_BYTES // 1024} KB），且其中的 `code`、`errcode`、`success`、`status` 字段没有写明失败。登录页、网关页面、写明失败的回答
一律不视为确认。

**重发**：未确认的按计划重发，各次之前等待：{waits()}（每次至多延长十分之一；回答中的 `Retry-After` 在一天之内从其要求）。
各次的 `webhook-id`（同 `idempotency-key`）相同，请据此去重：已收到的再次收到时照常确认。计划用完仍未确认的，转由人工处理；回答 410
表示永不接收，不再重发。同一工单的多次答复按先后顺序发送，前一次确认或终止之后才发送下一次。"""


def feedback_webhooks() -> dict[str, Any]:
    """What is sent to the platforms, as the API document describes it."""
    headers = {
        "webhook-id": "本次反馈的编号；重发时不变",
        "webhook-timestamp": "发送时间，1970-01-01T00:00:00Z 以来的秒数；每次发送不同",
        "webhook-signature": "`v1,<base64>`：以渠道的 out 密钥对 `<webhook-id>.<webhook-timestamp>.<请求体原始字节>` 的 HMAC-SHA256",
        "idempotency-key": "与 webhook-id 相同",
        "x-gongdan-attempt": "本次发送的编号；每次发送不同，仅供查错",
    }
    refused = {"description": "未确认，按计划重发"}
    return {
        "feedback": {
            "post": {
                "operationId": "feed_back",
                "summary": "办理结果反馈：由本平台发送，由上级平台接收",
                "description": _ABOUT,
                "tags": ["办理结果反馈"],
                "parameters": [
                    {"name": name, "in": "header", "required": True, "description": about, "schema": {"type": "string"}}
                    for name, about in headers.items()
                ],
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/json": {
                            "schema": {
                                "anyOf": [
                                    {"$ref": f"#/components/schemas/{_schema_name(channel)}"}
                                    for channel in CHANNELS.values()
                                ]
                            },
                            "examples": {
                                channel.code: {"summary": channel.title, "value": feedback_example(channel)}
                                for channel in CHANNELS.values()
                            },
                        }
                    },
                },
                "responses": {
                    "200": {
                        "description": "确认收到（任何 2xx 均可；正文为空或为不写明失败的 JSON 对象）",
                        "content": {
                            "application/json": {
                                "schema": {"type": "object"},
                                "example": {"code": 0, "message": "成功"},
                            }
                        },
                    },
                    "204": {"description": "确认收到"},
                    "410": {"description": "永不接收该答复，不再重发，转由人工处理"},
                    "429": refused,
                    "500": refused,
                    "503": refused,
                },
            }
        }
    }
