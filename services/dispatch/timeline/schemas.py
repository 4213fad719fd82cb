"""The timeline of an order as it is shown."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from services.dispatch.timeline import rules
from services.dispatch.timeline.store import Names
from services.dispatch.timeline.tables import TimelineRecord
from shared.access import Sight
from shared.identity import Person


class Who(BaseModel):
    """Who did it."""

    role: str = Field(description="角色代码，多个以 + 相连；system 为平台自动或上级平台")
    unit: str | None = Field(description="其所在承办单位；空为中心、上级平台或平台")
    account: str | None = Field(description="账号；承办单位只见本单位人员的账号和姓名")
    name: str | None = Field(description="姓名")


class UnitRef(BaseModel):
    """A unit by code and name."""

    code: str = Field(description="单位编码")
    name: str = Field(description="单位名称")


class ClockRef(BaseModel):
    """A deadline, and where its proof is."""

    id: str = Field(description="时限编号")
    title: str | None = Field(description="时限名称；空为该事项未说明")
    due_at: datetime | None = Field(description="当时的截止时间；空为该事项未说明")
    explain: str = Field(description="逐日依据的地址")


class References(BaseModel):
    """Where the words of the entry are shown, by right."""

    reply_id: str | None = Field(default=None, description="答复标识")
    contact_id: str | None = Field(default=None, description="联系记录标识")
    note_id: str | None = Field(default=None, description="办理进度标识")
    return_id: str | None = Field(default=None, description="回退申请标识")
    extension_id: str | None = Field(default=None, description="延期申请标识")
    version: int | None = Field(default=None, description="工单内容版本：变更后的，或答复所依据的")


class TimelineEntry(BaseModel):
    """What happened at one moment."""

    at: datetime = Field(description="发生的时间")
    kind: str = Field(description="事项代码，稳定不变，如 order.assigned")
    topic: str | None = Field(description="动态类别代码，与“我的动态”相同；空为不通知任何人")
    text: str = Field(description="一句话说明")
    reason: str | None = Field(description="上级平台撤单、要求重办的理由，按权限显示")
    who: Who
    unit: UnitRef | None = Field(description="事项所属的承办单位；空为中心")
    clock: ClockRef | None = Field(description="所涉时限；空为不涉时限")
    references: References = Field(description="所涉记录的标识")


def entries_out(rows: Sequence[TimelineRecord], names: Names, sight: Sight, person: Person) -> list[TimelineEntry]:
    """The entries as this reader sees them."""
    return [_entry_out(row, names, sight, person) for row in rows]


def _entry_out(row: TimelineRecord, names: Names, sight: Sight, person: Person) -> TimelineEntry:
    return TimelineEntry(
        at=row.at,
        kind=row.kind,
        topic=row.topic,
        text=rules.sentence_of(row.kind, row.facts, row.unit, names.units),
        reason=sight.shows(rules.upstream_words(row.facts, row.kind)),
        who=who_out(row, names, person),
        unit=unit_out(row.unit, names),
        clock=clock_out(row.kind, row.facts),
        references=References(**rules.references_of(row.facts)),
    )


def unit_out(code: str | None, names: Names) -> UnitRef | None:
    """The unit of an entry."""
    return None if code is None else UnitRef(code=code, name=names.units.get(code, code))


def who_out(row: TimelineRecord, names: Names, person: Person) -> Who:
    """Who did it; a unit is told in which role somebody else acted, and not who."""
    known = person.confined_to is None or row.actor_unit == person.confined_to
    account = row.actor if known else None
    name = None if account is None else names.accounts.get(account)
    return Who(role=row.actor_role, unit=row.actor_unit, account=account, name=name)


def clock_out(kind: str, facts: dict[str, Any]) -> ClockRef | None:
    """The deadline of an entry."""
    clock_id = facts.get("clock_id")
    if clock_id is None:
        return None
    due_at = rules.due_at(facts, kind)
    return ClockRef(
        id=clock_id,
        title=rules.clock_title(facts, kind),
        due_at=None if due_at is None else datetime.fromisoformat(due_at),
        explain=f"/api/sla/v1/clocks/{clock_id}/explain",
    )
