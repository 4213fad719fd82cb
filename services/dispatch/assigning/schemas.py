"""What an assignment takes, and what is shown of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.assigning.model import AssignmentOrder
from services.dispatch.assigning.tables import AssignmentRecord
from shared.access import Sight
from shared.contracts.dispatch import Basis
from shared.contracts.places import ASSIGNMENT
from shared.personal.sealing import Sealer
from shared.web import Body, Code, PastMoment, Text


class AssignBody(Body):
    """The desk's decision (S2.1c)."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"unit": "zhujian", "basis": "duty", "grounds": "物业管理由住建部门负责（职责目录第 3 条）"}]
        }
    )

    unit: Annotated[Code, Field(title="承办单位", description="承办单位编码")]
    basis: Annotated[Basis, Field(title="交办依据", description="依据：duty 职责 / territory 属地 / industry 行业")]
    grounds: Annotated[Text, Field(title="依据说明")]
    determined_at: Annotated[
        PastMoment | None, Field(title="确定承办单位的时间", description="确定承办单位的时间；不填即为交办时间")
    ] = None
    reason: Annotated[Text | None, Field(title="改派理由")] = None
    decision: Annotated[Text | None, Field(title="研判决定", description="研判决定，仅中心负责人填写")] = None

    def as_order(self) -> AssignmentOrder:
        """For the handler."""
        return AssignmentOrder(self.unit, self.basis, self.grounds, self.determined_at, self.reason, self.decision)


class AssignedOut(BaseModel):
    """Which link of the chain of responsibility it is, and what to know of it."""

    assignment: int
    returned_before: bool = Field(description="该单位是否已回退过此单（回退获同意）；是的，本次交办不得再次回退")


class AssignmentOut(BaseModel):
    """One link of the chain of responsibility (S3.1a); its texts only for those who handle or review the order (X2)."""

    number: int
    unit: str
    cause: str
    basis: str
    grounds: str | None
    recommended: list[str]
    followed: bool = Field(description="是否采纳首位推荐")
    decision: str | None
    reason: str | None
    no_return: bool
    determined_at: datetime
    assigned_at: datetime
    assigned_by: str

    @classmethod
    def of(cls, record: AssignmentRecord, sealer: Sealer, sight: Sight) -> AssignmentOut:
        """From the row."""
        opened: dict[str, Any] = dict.fromkeys(("grounds", "reason", "decision"))
        if sight:
            for part in opened:
                place = ASSIGNMENT.at(order_id=record.order_id, number=record.number, part=part)
                opened[part] = sight.shows(sealer.open_if_any(getattr(record, part), place))
        return cls(**opened, **{name: getattr(record, name) for name in set(cls.model_fields) - set(opened)})
