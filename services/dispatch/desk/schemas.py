"""All that is shown of one order."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from services.dispatch.desk.model import Moves
from services.dispatch.orders.model import Move
from services.dispatch.orders.schemas import OrderOut, listed_fields, title_of
from services.dispatch.orders.store import SeenOrder
from services.dispatch.returns.schemas import ReturnOut
from services.dispatch.returns.tables import ReturnRecord
from shared.access import Part
from shared.personal.sealing import Sealer


class FormerOrder(BaseModel):
    """What a unit still sees of an order that it had before: which one it was (S4.2a)."""

    order_id: str
    platform: str
    platform_no: str
    title: str | None
    part: Literal["former"] = Field(default="former", description="former 曾承办")
    returned: ReturnOut | None = Field(description="本单位的回退申请及中心的决定；空为未申请过")


class ClosedMoveOut(BaseModel):
    """A move that is not open now."""

    move: Move
    code: str = Field(description="稳定的代码，如 not_accepted、under_centre_review、return_window_closed")
    detail: str = Field(description="为何不能，怎样才可以")


class OrderDetail(OrderOut):
    """All of an order that this person may see."""

    subject: str
    scheme: str
    content: str | None = Field(description="诉求内容；无权查看时为空")
    out_of_scope: str | None
    urgent_found: list[str] = Field(
        description="规则从最新文本中判断的紧急类别；与 urgent 不同时，以人工判定的 urgent 为准，请核对"
    )
    confidential: bool
    is_test: bool
    upstream_due_at: datetime | None
    urged_at: datetime | None
    first_assigned_at: datetime | None
    accepted_at: datetime | None
    return_closes_at: datetime | None = Field(description="可申请回退的截止时间")
    counted_contacts: int = Field(description="本次承办以来的有效联系次数")
    round: int = Field(description="已提交答复的次数")
    reply_id: str | None
    disposition: str | None
    recommended: list[str]
    part: Part | None = Field(description="本单位与工单的关系：lead 承办 / joint 协办；空为无")
    can: list[Move] = Field(description="本人现在可以进行的操作")
    cannot: list[ClosedMoveOut] = Field(description="本人的角色可以进行、但现在不能的操作及原因")


def order_detail(
    sealer: Sealer, found: SeenOrder, *, moves: Moves, return_closes_at: datetime | None, now: datetime
) -> OrderDetail:
    """All of an order."""
    record = found.record
    made = {"content", "part", "can", "cannot", "return_closes_at"}
    names = set(OrderDetail.model_fields) - set(OrderOut.model_fields) - made
    return OrderDetail(
        **listed_fields(sealer, record, found.sight, now),
        **{name: getattr(record, name) for name in names},
        content=found.sight.shows(record.open_demand(sealer).content),
        part=found.part,
        can=list(moves.can),
        cannot=[ClosedMoveOut(move=one.move, code=one.code, detail=one.detail) for one in moves.cannot],
        return_closes_at=return_closes_at,
    )


def former_order(sealer: Sealer, found: SeenOrder, returns: Sequence[ReturnRecord]) -> FormerOrder:
    """Number and title, and what became of the unit's request to return it (S2.2.1i)."""
    record = found.record
    return FormerOrder(
        order_id=record.order_id,
        platform=record.platform,
        platform_no=record.platform_no,
        title=title_of(sealer, record, found.sight),
        returned=ReturnOut.of(returns[-1], sealer, found.sight, to_unit=True) if returns else None,
    )
