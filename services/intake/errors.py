"""What intake refuses, with its code, its clause, and what to do next."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from shared.errors import BusinessError, Incomplete, Unauthenticated, Unavailable


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
    """An authentic request that makes no sense; `faults` name the fields in Chinese and by their path."""

    code = "not_understood"

    def __init__(self, reason: str, message: str, faults: list[dict[str, str]] | None = None) -> None:
        super().__init__(message)
        self.reason = reason
        self.faults = faults or []


class RequestIdReused(Incomplete):
    """The same webhook-id came back with another body."""

    code = "webhook_id_reused"

    def __init__(self, webhook_id: str) -> None:
        super().__init__("该 webhook-id 已用于另一请求，请换用新的编号重新发送")
        self.webhook_id = webhook_id


class IntakeBusy(Unavailable):
    """More orders are waiting than can be written soon (R6)."""

    code = "intake_busy"

    def __init__(self, retry_after: int = 2) -> None:
        super().__init__("受理繁忙，请按 Retry-After 所示时间后以同一 webhook-id 重新发送", retry_after)


class NothingToRelease(BusinessError):
    """The quarantined request was decided already."""

    code = "quarantine_decided"

    def __init__(self, state: str) -> None:
        super().__init__("该请求已处理，不能再次放行或丢弃，请刷新列表")
        self.state = state


class ChannelNeeded(Incomplete):
    """A request of an unknown channel cannot be released before a person names the channel (S1.1.1a)."""

    code, clause = "channel_needed", "S1.1.1a"

    def __init__(self, channel: str) -> None:
        super().__init__("该请求的渠道不在七个渠道之内，请指明按哪个渠道受理")
        self.channel = channel


class UnknownChannelNotKept(Incomplete):
    """An unsigned request to an address that is no channel's, beyond a bound: `bound` and `limit` say which (S1.1.1a)."""

    code, clause = "unknown_channel_not_kept", "S1.1.1a"

    def __init__(
        self, channel: str, channels: Sequence[str], bound: Literal["bytes", "source", "total"], limit: int
    ) -> None:
        reached = {
            "bytes": f"未以渠道密钥签名的请求超过 {limit // 1024} KB 不予保存",
            "source": f"同一来源待处理的未签名请求已达 {limit} 件",
            "total": f"各来源待处理的未签名请求合计已达 {limit} 件",
        }
        super().__init__(
            f"渠道代码不在七个渠道之内；{reached[bound]}，该请求未保存，请核对推送地址，并以本渠道密钥签名后重新发送"
        )
        self.channel, self.channels, self.bound, self.limit = channel, list(channels), bound, limit


class RevealRefused(BusinessError):
    """The caller's identity stays hidden."""

    code, clause = "reveal_refused", "X2"

    def __init__(self, reason: str) -> None:
        messages = {
            "confidential": "来电人要求保密，承办单位不得查看其身份，请通过区89000中心联系",
            "over": "工单已办结或已撤销，不再提供来电人身份",
        }
        super().__init__(messages[reason])
        self.reason = reason


class TooManyReveals(BusinessError):
    """One account looked at too many identities in an hour."""

    code, clause, status = "too_many_reveals", "X2", 429

    def __init__(self, limit: int) -> None:
        super().__init__("一小时内查看来电人身份次数已达上限，请稍后再试或联系中心负责人")
        self.limit = limit


class DeliveryNotWaiting(BusinessError):
    """Only a delivery that has not been acknowledged can be sent again."""

    code, clause = "delivery_not_waiting", "S2.3b"

    def __init__(self, state: str) -> None:
        super().__init__("该反馈已送达或正在发送，无需重发，请刷新列表")
        self.state = state


class OrderOver(BusinessError):
    """The order was taken back, or its answer has reached the platform: this cannot be asked of it any more."""

    code = "order_over"

    def __init__(self, state: str) -> None:
        super().__init__("工单已撤销或已反馈办结，不再接受此操作，请核对工单编号")
        self.state = state


class NotYetAnswered(BusinessError):
    """No reply of the order was ever approved: there is nothing yet that a caller could be asked about (A34)."""

    code, clause = "not_yet_answered", "S2.3b"

    def __init__(self) -> None:
        super().__init__("该工单尚无审核通过的答复，回访结果未登记；请在收到本平台的反馈后回访，再推送回访结果")


class UnknownOrder(NotUnderstood):
    """The platform speaks of an order that it never sent."""

    def __init__(self) -> None:
        super().__init__("unknown_order", "找不到该工单编号对应的工单，请核对编号，或先推送该工单")


class HappenedBeforeCall(NotUnderstood):
    """The platform dates what it tells of an order before the order's call."""

    def __init__(self, field: str) -> None:
        said = "时间：不能早于该工单的来电时间"
        fault = {"field": field, "code": "before_call", "message": f"{said}，请核对"}
        super().__init__("invalid", f"{said}，请核对工单编号与时间后重新发送", [fault])
