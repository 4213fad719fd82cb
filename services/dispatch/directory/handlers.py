"""Units: entered and changed by the centre, published to the other services."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from services.dispatch.directory import store
from services.dispatch.directory.errors import UnitExists, UnitUnknown
from services.dispatch.directory.model import Duty
from services.dispatch.directory.rules import missing_of
from services.dispatch.directory.tables import UnitRecord
from shared.contracts.dispatch import Group, UnitChanged
from shared.deps import check_version
from shared.work import Work


@dataclass(frozen=True, slots=True)
class UnitEntry:
    """What the centre writes down of a unit; its caseworkers are accounts (S4.1a)."""

    name: str
    group: Group
    duties: tuple[Duty, ...]
    first_responsible: str
    deputy: str
    office: str
    active: bool


async def add_unit(work: Work, code: str, entry: UnitEntry) -> UnitRecord:
    """Enter a new unit."""
    try:
        await store.unit_with_caseworkers(work.session, code)
    except UnitUnknown:
        pass
    else:
        raise UnitExists(code)
    record = UnitRecord(code=code, version=1)
    _write(work, record, entry)
    work.session.add(record)
    work.audit("unit.entered", code, after=_shown(record))
    await publish_unit(work, code)
    return record


async def change_unit(work: Work, code: str, entry: UnitEntry, *, version: int | None) -> UnitRecord:
    """Replace what is written of a unit."""
    record, _ = await store.unit_with_caseworkers(work.session, code, lock=True)
    check_version(record.version, version)
    before = _shown(record)
    _write(work, record, entry)
    work.audit("unit.changed", code, before=before, after=_shown(record))
    await publish_unit(work, code)
    return record


async def publish_unit(work: Work, code: str) -> None:
    """Publish the unit as it is now, and whether orders may be assigned to it (S4.1a)."""
    await work.session.flush()
    record, caseworkers = await store.unit_with_caseworkers(work.session, code)
    work.emit(
        UnitChanged.model_validate(
            {
                "code": code,
                "name": record.name,
                "group": record.group,
                "active": record.active,
                "ready": not missing_of(store.readiness_of(record, caseworkers)),
                "version": record.version,
                "changed_at": work.now,
            }
        )
    )


def _write(work: Work, record: UnitRecord, entry: UnitEntry) -> None:
    record.name, record.group, record.active = entry.name, entry.group, entry.active
    record.duties = [asdict(duty) for duty in entry.duties]
    record.first_responsible, record.deputy, record.office = entry.first_responsible, entry.deputy, entry.office
    record.changed_at = work.now


def _shown(record: UnitRecord) -> dict[str, object]:
    return {"name": record.name, "group": record.group, "active": record.active, "duties": len(record.duties)}
