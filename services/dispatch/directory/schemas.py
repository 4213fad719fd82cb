"""Units as they come and go over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from services.dispatch.directory.handlers import UnitEntry
from services.dispatch.directory.model import Duty
from services.dispatch.directory.rules import missing_of
from services.dispatch.directory.store import readiness_of
from services.dispatch.directory.tables import UnitRecord
from services.dispatch.login.tables import AccountRecord
from shared.contracts.dispatch import Basis, Group
from shared.web import Body, Code, Line, YesNo

Responsible = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]*$")]
Word = Annotated[str, Field(min_length=1, max_length=30, pattern=r"^[^\x00-\x1f\x7f-\x9f\u2028\u2029]+$")]


class DutyBody(Body):
    """One line of the duty catalogue."""

    text: Annotated[Line, Field(title="职责条目")]
    kind: Annotated[Basis, Field(title="职责种类", description="duty 职责 / territory 属地 / industry 行业")]
    keywords: Annotated[list[Word], Field(default_factory=list, max_length=50, title="用于推荐的关键词")]
    streets: Annotated[list[Word], Field(default_factory=list, max_length=50, title="属地范围内的街道")]


class UnitChange(Body):
    """What is written of a unit; its caseworkers are accounts."""

    name: Annotated[Line, Field(title="单位名称")]
    group: Annotated[Group, Field(title="单位类别", description="department 部门 / street 街区")]
    duties: Annotated[list[DutyBody], Field(default_factory=list, max_length=200, title="职责目录")]
    first_responsible: Annotated[Responsible, Field(title="第一责任人")] = ""
    deputy: Annotated[Responsible, Field(title="分管领导")] = ""
    office: Annotated[Responsible, Field(title="责任科室")] = ""
    active: Annotated[YesNo, Field(title="启用状态")] = True

    def as_entry(self) -> UnitEntry:
        """For the handler."""
        return UnitEntry(
            name=self.name,
            group=self.group,
            duties=tuple(Duty(duty.text, duty.kind, tuple(duty.keywords), tuple(duty.streets)) for duty in self.duties),
            first_responsible=self.first_responsible,
            deputy=self.deputy,
            office=self.office,
            active=self.active,
        )


class NewUnit(UnitChange):
    """A new unit."""

    code: Annotated[Code, Field(title="单位编码")]


class CaseworkerOut(BaseModel):
    """A 专（兼）职责任人."""

    account: str
    name: str


class UnitOut(BaseModel):
    """A unit, and whether orders may be assigned to it."""

    code: str
    name: str
    group: str
    active: bool
    ready: bool = Field(description="四类责任人是否齐备、可以承办")
    missing: list[str] = Field(description="尚缺的部分")


class UnitDetail(UnitOut):
    """A unit with its duties and its responsible people (S4.1a)."""

    duties: list[dict[str, Any]]
    first_responsible: str
    deputy: str
    office: str
    caseworkers: list[CaseworkerOut]
    changed_at: datetime


def unit_out(record: UnitRecord, caseworkers: int) -> UnitOut:
    """A row of the list."""
    missing = missing_of(readiness_of(record, caseworkers))
    return UnitOut(
        code=record.code,
        name=record.name,
        group=record.group,
        active=record.active,
        ready=not missing,
        missing=list(missing),
    )


def unit_detail(record: UnitRecord, caseworkers: Sequence[AccountRecord]) -> UnitDetail:
    """All of a unit."""
    return UnitDetail(
        **unit_out(record, len(caseworkers)).model_dump(),
        duties=record.duties,
        first_responsible=record.first_responsible,
        deputy=record.deputy,
        office=record.office,
        caseworkers=[CaseworkerOut(account=caseworker.account, name=caseworker.name) for caseworker in caseworkers],
        changed_at=record.changed_at,
    )
