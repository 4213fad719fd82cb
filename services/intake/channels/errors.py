"""Requests of a platform that are refused before anything is done with them."""

from __future__ import annotations

from typing import Literal

from shared.errors import Incomplete, Unauthenticated


class SignatureRefused(Unauthenticated):
    """The request does not prove that it comes from the platform (R34, R35); `reason` says why."""

    code, title = "signature_refused", "签名校验未通过"

    def __init__(self, reason: Literal["missing", "malformed", "stale", "mismatch"]) -> None:
        messages = {
            "missing": "缺少签名，请在请求头中填写 webhook-id、webhook-timestamp 与 webhook-signature 后重新发送",
            "malformed": "webhook-id 应为 1 至 128 个可见字符，webhook-timestamp 应为 1970 年以来的秒数，请更正后重新发送",
            "stale": "发送时间（webhook-timestamp）与平台时间相差超过 5 分钟，请校准时钟，以当前时间重新签名后发送",
            "mismatch": "签名与请求不符，请核对密钥与签名内容（webhook-id、webhook-timestamp 与请求体原文）后重新发送",
        }
        super().__init__(messages[reason])
        self.reason = reason


class NotUnderstood(Incomplete):
    """An authentic request whose content is invalid; `faults` name the fields in Chinese and by their path."""

    code = "not_understood"

    def __init__(self, reason: str, message: str, faults: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.faults = faults or []


class RequestIdReused(Incomplete):
    """The same webhook-id came back with another body, or as another kind of notice."""

    code = "webhook_id_reused"

    def __init__(self, webhook_id: str) -> None:
        super().__init__("该 webhook-id 已用于另一请求，请换用新的编号重新发送")
        self.webhook_id = webhook_id
