"""Extensions as people send and see them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from services.sla.extensions.errors import CONSENT_PARTS
from services.sla.extensions.model import (
    WORDS,
    ClosedMove,
    Consent,
    ExtensionRequest,
    ExtensionState,
    Move,
    Moves,
    ReasonCode,
)
from services.sla.extensions.tables import ExtensionRecord
from shared.access import Sight
from shared.contracts.places import EXTENSION
from shared.personal.numbers import LONGEST_PHONE, PHONE_FORM
from shared.personal.sealing import Sealer
from shared.web import Body, Line, Page, SaneMoment, Text, YesNo
from shared.web.fields import needed


def _blank_is_missing(value: object) -> object:
    return None if isinstance(value, str) and not value.strip() else value


_Part = TypeVar("_Part")

_MayLack = Annotated[_Part | None, BeforeValidator(_blank_is_missing)]


class ConsentBody(Body):
    """What the caller said: who, when, by which number, and the proof of it (S1.3.2b).

    Each part is needed, and a blank part counts as missing; a rule refuses what is missing, with its clause.
    """

    model_config = ConfigDict(json_schema_extra=needed("person", "agreed_at", "phone", "agreed", "evidence"))

    person: Annotated[_MayLack[Line], Field(title="沟通人（何人）", description="何人与来电人沟通并记录，必填")] = None
    agreed_at: Annotated[
        _MayLack[SaneMoment], Field(title="沟通时间（何时）", description="何时，必填，须早于提出申请")
    ] = None
    phone: Annotated[
        _MayLack[Annotated[str, StringConstraints(pattern=PHONE_FORM, max_length=LONGEST_PHONE)]],
        Field(title="沟通电话（何用电话）", description="何用电话，必填"),
    ] = None
    agreed: Annotated[_MayLack[YesNo], Field(title="来电人是否同意", description="是否同意，必填")] = None
    evidence: Annotated[_MayLack[Line], Field(title="佐证", description="佐证，如录音编号，必填")] = None

    def as_consent(self) -> tuple[Consent | None, tuple[str, ...]]:
        """The same for the handler, when nothing is missing, and the parts that are."""
        parts = {name: getattr(self, name) for name in CONSENT_PARTS}
        lacking = tuple(name for name, part in parts.items() if part is None)
        return (None, lacking) if lacking else (Consent(**parts), ())


class ExtensionBody(Body):
    """A request for more working days (S1.3.2a)."""

    reason_code: Annotated[ReasonCode, Field(title="延期情形", description="法律法规规定，或情况特别复杂")]
    workdays: Annotated[
        int,
        # Any number: a rule checks how many days it may be, and answers with the clause and what to do instead.
        Field(ge=-(2**31), le=2**31 - 1, title="延长的工作日数", description="延长的工作日数，至少 1，一般不超过 10"),
    ]
    citation: Annotated[Text | None, Field(title="条款依据", description="条款依据（法律法规规定时必填）")] = None
    explanation: Annotated[Text | None, Field(title="具体说明", description="具体说明（情况特别复杂时必填）")] = None
    consent: Annotated[ConsentBody | None, Field(title="来电人意见", description="来电人意见，须在申请之前取得")] = None
    override_reason: Annotated[
        Text | None, Field(title="突破上限的理由", description="突破上限的理由，仅限中心负责人")
    ] = None

    def as_request(self) -> ExtensionRequest:
        """The same for the handler."""
        consent, lacking = (None, ()) if self.consent is None else self.consent.as_consent()
        return ExtensionRequest(
            self.reason_code, self.citation, self.explanation, self.workdays, consent, self.override_reason, lacking
        )


class DecisionBody(Body):
    """The centre's decision on a request (S1.3.2e)."""

    decision: Annotated[Literal["grant", "refuse"], Field(title="延期审批结果", description="同意或不同意")]
    reason: Annotated[Text, Field(title="审批理由", description="理由")]


class ClosedMoveOut(BaseModel):
    """What is not open now."""

    move: Annotated[Move, Field(description="request 申请 / grant 同意 / refuse 驳回")]
    code: Annotated[str, Field(description="稳定的代码，如 extension_too_late、extension_used、own_extension")]
    detail: Annotated[str, Field(description="为何不能，下一步是什么")]

    @classmethod
    def of(cls, closed: ClosedMove) -> ClosedMoveOut:
        """The same for whoever reads it."""
        return cls(move=closed.move, code=closed.code, detail=closed.detail)


class Extension(Body):
    """A request with what became of it; its words only for those who handle or review the order (X2).

    Who was called, and by which number, stays sealed.
    """

    id: str
    order_id: str
    clock_id: str
    unit: str
    state: ExtensionState
    reason_code: ReasonCode
    citation: str | None
    explanation: str | None
    workdays: int
    overridden: Annotated[bool, Field(description="超过上限，由中心负责人提出或批准")]
    override_reason: str | None
    agreed: bool
    consented_at: datetime
    requested_at: datetime
    requested_by: str
    was_due_at: Annotated[datetime, Field(description="延期前的截止时刻")]
    due_at: Annotated[datetime | None, Field(description="延期后的截止时刻；未同意时为空")]
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    can: Annotated[list[Move], Field(description="本人现在可以作出的审批：grant 同意 / refuse 驳回")]
    cannot: Annotated[list[ClosedMoveOut], Field(description="本人的角色可以、但现在不能作出的审批及原因")]

    @classmethod
    def of(cls, record: ExtensionRecord, sealer: Sealer, sight: Sight, moves: Moves) -> Extension:
        """The record's public side, and what people wrote as its reader may see it."""
        opened: dict[str, str | None] = dict.fromkeys(WORDS)
        if sight:
            for part in opened:
                place = EXTENSION.at(order_id=record.order_id, extension_id=record.id, part=part)
                opened[part] = sight.shows(sealer.open_if_any(getattr(record, part), place))
        return cls(
            id=str(record.id),
            order_id=record.order_id,
            clock_id=str(record.clock_id),
            unit=record.unit,
            state=record.state,
            reason_code=record.reason_code,
            citation=opened["citation"],
            explanation=opened["explanation"],
            workdays=record.workdays,
            overridden=record.overridden,
            override_reason=opened["override_reason"],
            agreed=record.agreed,
            consented_at=record.consented_at,
            requested_at=record.requested_at,
            requested_by=record.requested_by,
            was_due_at=record.was_due_at,
            due_at=record.due_at,
            decided_at=record.decided_at,
            decided_by=record.decided_by,
            decision_reason=opened["decision_reason"],
            can=list(moves.can),
            cannot=[ClosedMoveOut.of(closed) for closed in moves.cannot],
        )


class ExtensionsOfOrder(Page[Extension]):
    """The requests of an order, and whether one more may be asked for now."""

    can: Annotated[list[Move], Field(description="本人现在可以申请延期的，为 request")]
    cannot: Annotated[list[ClosedMoveOut], Field(description="本人的角色可以、但现在不能申请延期的原因")]
    due_at: Annotated[datetime | None, Field(description="申请延期所针对的办结时限；没有正在计时的为空")]
