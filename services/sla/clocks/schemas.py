"""What sla answers about clocks: one, all of an order, and the proof."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from services.sla.clocks.model import State
from services.sla.clocks.tables import ClockChange, ClockRecord
from services.sla.counting.model import Lapse, Span
from services.sla.counting.schemas import Line
from shared.access import Sight
from shared.contracts.places import CLOCK_CHANGE
from shared.contracts.sla import CLOCK_TITLES, ClockKind
from shared.personal.sealing import Sealer


class WarningRung(BaseModel):
    """A rung: when the clock warns, and whether it has."""

    name: str
    at: datetime
    fired: bool


class Clock(BaseModel):
    """One deadline as people see it."""

    id: str
    order_id: str
    kind: ClockKind
    title: Annotated[str, Field(description="时限名称")]
    unit: Annotated[str | None, Field(description="承担单位；为空表示区89000中心")]
    state: State
    started_at: datetime
    due_at: datetime
    original_due_at: datetime
    provisional: Annotated[
        bool,
        Field(description="计入了尚未公布的放假安排可能调整的日期（未公布年份及其上年 12 月 26 日起），公布后可能变动"),
    ]
    breached_at: datetime | None
    excused: Annotated[
        bool, Field(description="曾有超期被撤回（截止时刻变更、其实按时、已非紧急），原因见依据；此后再超期照常计算")
    ]
    stopped_at: datetime | None
    late_by_seconds: Annotated[
        float | None, Field(description="较现行截止时刻超出的秒数，至结束时止，仍在办的至查询时止；未超出为空")
    ]
    late_by_seconds_of_original: Annotated[
        float | None, Field(description="较原截止时刻（延期或日历更新之前）超出的秒数；未超出为空")
    ]
    warnings: list[WarningRung]
    lapse: Lapse
    clause: str
    rules: Annotated[str, Field(description="规则版本")]
    calendar: Annotated[str, Field(description="日历版本")]

    @classmethod
    def of(cls, record: ClockRecord, now: datetime) -> Clock:
        """The record's public side; what still runs is as late as it is now (S1.3.2e)."""
        return cls(
            id=str(record.id),
            order_id=record.order_id,
            kind=record.kind,
            title=CLOCK_TITLES[record.kind],
            unit=record.unit,
            state=record.state,
            started_at=record.started_at,
            due_at=record.due_at,
            original_due_at=record.original_due_at,
            provisional=record.provisional,
            breached_at=record.breached_at,
            excused=record.excused,
            stopped_at=record.stopped_at,
            late_by_seconds=_late_by(record, record.due_at, now),
            late_by_seconds_of_original=_late_by(record, record.original_due_at, now),
            warnings=[
                WarningRung(name=rung["name"], at=rung["at"], fired=number < record.fired)
                for number, rung in enumerate(record.rungs)
            ],
            lapse=record.lapse,
            clause=record.clause,
            rules=record.rules,
            calendar=record.calendar,
        )


def _late_by(record: ClockRecord, due_at: datetime, now: datetime) -> float | None:
    if record.lapse is not Lapse.BREACH:
        return None
    late = ((record.stopped_at or now) - due_at).total_seconds()
    return late if late > 0 else None


class OrderClocks(BaseModel):
    """All clocks of one order, and the deadline that comes first among those that run."""

    order_id: str
    earliest_due_at: datetime | None
    clocks: list[Clock]


class Change(BaseModel):
    """One move of the due moment, or a breach that was taken back, with the due moment as it was."""

    changed_at: datetime
    was_due_at: datetime
    due_at: datetime
    reason: Annotated[str, Field(description="变更原因；批准人所写的理由只对办理、审核人员显示")]
    calendar: str
    excused_breach_at: Annotated[datetime | None, Field(description="本次变更撤回的超期")]

    @classmethod
    def of(cls, change: ClockChange, order_id: str, sealer: Sealer, sight: Sight) -> Change:
        """The record's public side, and what a person wrote as its reader may see it (X2)."""
        return cls(
            changed_at=change.changed_at,
            was_due_at=change.was_due_at,
            due_at=change.due_at,
            reason=_reason(change, order_id, sealer, sight),
            calendar=change.calendar,
            excused_breach_at=change.excused_breach_at,
        )


def _reason(change: ClockChange, order_id: str, sealer: Sealer, sight: Sight) -> str:
    """Why a due moment moved; what a person wrote beside it as its reader may see it."""
    said = sight.shows(sealer.open_if_any(change.words, CLOCK_CHANGE.at(order_id=order_id, change_id=change.id)))
    return change.reason if said is None else f"{change.reason}：{said}"


class Explanation(BaseModel):
    """Why a clock is due when it is: counted line by line by the code that started it, with every later change."""

    clock: Clock
    span: Span
    amount: int
    document: Annotated[str, Field(description="规则文件文号")]
    lines: list[Line]
    changes: list[Change]
    started_reason: Annotated[str | None, Field(description="手工启动的理由；只对中心负责人、区政府办公室显示")] = None
    stopped_reason: Annotated[str | None, Field(description="手工停止的理由；只对中心负责人、区政府办公室显示")] = None
