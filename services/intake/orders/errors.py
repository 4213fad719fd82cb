"""Why a caller's identity is not shown."""

from __future__ import annotations

from typing import Literal

from shared.errors import BusinessError


class RevealRefused(BusinessError):
    """The caller's identity stays hidden."""

    code, clause = "reveal_refused", "X2"

    def __init__(self, reason: Literal["confidential", "over"]) -> None:
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
