"""When a reply is sent again, and the platforms' words for its elements."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

FEEDBACK_SCHEDULE: Final = (
    timedelta(0),
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
"""Standard Webhooks: the wait before each attempt, 75.6 hours in all (P8)."""
FEEDBACK_JITTER: Final = 0.1
FEEDBACK_TIMEOUT_SECONDS: Final = 15.0
ANSWER_BYTES: Final = 64 * 1024
"""How much of a platform's answer is read; a longer one is no acknowledgement."""
FEEDBACK_LEASE_SECONDS: Final = 45
"""Real seconds after which an attempt whose sender vanished is sent again under the same id: thrice the timeout."""
FEEDBACK_AT_ONCE: Final = 16
"""Attempts that run side by side."""
FEEDBACK_PER_PLATFORM: Final = FEEDBACK_AT_ONCE // 4
"""How many of them one platform may hold: the others are served while it does not answer."""

OUTCOMES: Final[Mapping[str, str]] = {
    "acked": "平台已确认收到",
    "not_acknowledged": "平台的回答不能视为确认收到",
    "timeout": "平台未在时限内回答",
    "unreachable": "无法连接平台",
    "no_address": "该渠道未配置反馈地址或密钥",
    "unreadable": "答复内容无法读取，请联系系统管理员",
}
"""How an attempt ended; for any other status than 2xx the word is `status_` and the number."""
REASONS: Final[Mapping[str, str]] = {
    "not_json": "回答不是 JSON，可能是登录页或网关页面",
    "not_an_object": "回答不是 JSON 对象",
    "repeated_field": "回答中同一字段出现了两次",
    "too_long": "回答超过 64 KB",
    "encoded": "回答经过压缩，无法读取",
    "says_failure": "回答中写明失败",
}
"""Why an answer with 2xx is no acknowledgement."""

ANSWER_PARTS: Final = ("data", "result")
"""The objects inside an answer that may say how it went, by their names without capitals, `_` and `-`."""
ANSWER_SUCCESSES: Final = frozenset({"success", "issuccess", "ok"})
"""The fields that hold inside such an object also when the answer itself says success: the others tell of the order."""
ANSWER_ERRORS: Final = frozenset({"error", "errors", "errmsg", "errormsg", "errormessage"})
"""The fields that say failure by having a content, where no field says success."""
NO_ERROR: Final = frozenset({"", "0", "false", "none", "null", "ok", "success", "成功", "无"})
"""What stands in such a field when there was no error."""

DISPOSITIONS: Final[Mapping[str, str]] = {
    "solved": "办结",
    "out_of_scope": "不在受理范围",
    "not_true": "不属实",
    "explanation": "解释说明",
    "planned": "列入计划",
}
SATISFACTIONS: Final[Mapping[str, str]] = {
    "satisfied": "满意",
    "mostly_satisfied": "基本满意",
    "unsatisfied": "不满意",
    "not_stated": "未表态",
}
