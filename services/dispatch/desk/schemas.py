"""All that is shown of one order."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from services.dispatch.orders.model import Move
from services.dispatch.orders.schemas import OrderOut, listed_fields
from services.dispatch.orders.tables import CaseRecord
from shared.personal.sealing import Sealer


class OrderDetail(OrderOut):
    """All of an order that this person may see."""

    subject: str
    scheme: str
    content: str
    out_of_scope: str | None
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
    demand_version: int
    can: list[Move] = Field(description="本人现在可以进行的操作")


def order_detail(
    sealer: Sealer, record: CaseRecord, *, can: tuple[Move, ...], return_closes_at: datetime | None
) -> OrderDetail:
    """All of an order."""
    fields, content = listed_fields(sealer, record)
    names = set(OrderDetail.model_fields) - set(OrderOut.model_fields) - {"content", "can", "return_closes_at"}
    more = {name: getattr(record, name) for name in names}
    return OrderDetail(**fields, **more, content=content, can=list(can), return_closes_at=return_closes_at)
