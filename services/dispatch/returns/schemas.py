"""Returns as they come and go over HTTP.

The four parts that the rule demands by name (S2.2.1g) are published as required and read as optional: the rule says in
Chinese which of them is missing, and by which clause.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from services.dispatch.returns.model import ReturnRequest
from services.dispatch.returns.tables import ReturnRecord
from shared.access import Sight
from shared.contracts.places import RETURN
from shared.files.stored import StoredFile
from shared.personal.sealing import Sealer
from shared.web import Body, Code, Text
from shared.web.fields import needed


class ReturnBody(Body):
    """A return with three of its four parts (S2.2.1g); the material comes as files beside it."""

    model_config = ConfigDict(json_schema_extra=needed("reason", "policy_basis", "suggested_unit"))

    reason: Annotated[Text | None, Field(title="回退原因", description="回退原因，必填")] = None
    policy_basis: Annotated[Text | None, Field(title="政策依据", description="政策依据，必填")] = None
    suggested_unit: Annotated[Code | None, Field(title="建议承办单位", description="建议承办单位编码，必填")] = None

    def as_request(self, files: tuple[StoredFile, ...]) -> ReturnRequest:
        """For the handler, with the files that came beside it."""
        return ReturnRequest(self.reason, self.policy_basis, self.suggested_unit, materials=files)


class ReturnRequested(BaseModel):
    """The request's id."""

    return_id: str


class ReturnDecision(Body):
    """What the centre decides."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"decision": "reject", "reason": "属该单位职责目录第 3 条"}]}
    )

    decision: Annotated[
        Literal["accept", "reject"], Field(title="回退审核结果", description="accept 同意 / reject 驳回")
    ]
    reason: Annotated[Text | None, Field(title="审核理由", description="理由；驳回时必填")] = None


class ReturnOut(BaseModel):
    """A request to give the order back, and what became of it; its texts only for those who handle or review it (X2)."""

    return_id: str
    assignment: int
    unit: str
    reason: str | None
    policy_basis: str | None
    suggested_unit: str
    requested_at: datetime
    requested_by: str
    decision: Literal["accept", "reject"] | None = Field(description="accept 同意 / reject 驳回；空为待审")
    decision_reason: str | None = Field(description="中心的审核理由")
    decided_at: datetime | None
    decided_as: str | None = Field(description="以何身份审定：dispatcher 派单员 / centre_head 中心负责人")
    decided_by: str | None = Field(description="审定人账号；承办单位只见其身份（decided_as）")

    @classmethod
    def of(cls, record: ReturnRecord, sealer: Sealer, sight: Sight, *, to_unit: bool) -> ReturnOut:
        """From the row; a unit is told in which role somebody decided, and not who."""
        opened: dict[str, Any] = dict.fromkeys(("reason", "policy_basis", "decision_reason"))
        if sight:
            for part in opened:
                place = RETURN.at(order_id=record.order_id, return_id=record.id, part=part)
                opened[part] = sight.shows(sealer.open_if_any(getattr(record, part), place))
        names = set(cls.model_fields) - {"return_id", "decided_by", *opened}
        decided_by = None if to_unit else record.decided_by
        kept = {name: getattr(record, name) for name in names}
        return cls(return_id=record.id, decided_by=decided_by, **opened, **kept)
