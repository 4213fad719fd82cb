"""Keep, read and remove what somebody has typed.  Nothing of it is audited or published: it is not said yet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from services.dispatch.drafts import rules, store
from services.dispatch.drafts.errors import DraftChanged, DraftTooLarge, DraftUnknown, TooManyDrafts
from services.dispatch.drafts.policy import LARGEST_BYTES, MOST_DRAFTS
from services.dispatch.drafts.tables import DraftRecord
from shared.contracts.places import DRAFT
from shared.identity import Person
from shared.personal.sealing import Sealer
from shared.work import Work


@dataclass(frozen=True, slots=True)
class Draft:
    """A draft with its content."""

    content: Mapping[str, Any]
    version: int
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Expected:
    """What the writer knows of the draft: the version that he read, None for none; or that he does not care."""

    version: int | None
    whatever: bool = False


def opened(sealer: Sealer, record: DraftRecord | None, form: str, person: Person) -> Draft:
    """The draft as its owner reads it; DraftUnknown.

    The place of the sealed text has the account of whoever reads: the draft of another account would not open.
    """
    if record is None:
        raise DraftUnknown(form)
    place = DRAFT.at(order_id=record.order_id, account=person.account, form=record.form)
    return Draft(sealer.open_json(record.content, place), record.version, record.changed_at)


async def save_draft(work: Work, order_id: str, form: str, content: Mapping[str, Any], expected: Expected) -> Draft:
    """Store the draft; DraftChanged when the stored one is not what the writer read, DraftTooLarge, TooManyDrafts.

    The same content again is stored already: a request whose answer was lost may be repeated.
    """
    now = work.now
    written = orjson.dumps(content, option=orjson.OPT_SORT_KEYS)
    if len(written) > LARGEST_BYTES:
        raise DraftTooLarge(LARGEST_BYTES)
    record = await store.draft_of(work.session, work.person, order_id, form, lock=True)
    place = DRAFT.at(order_id=order_id, account=work.person.account, form=form)
    if record is not None and work.sealer.open(record.content, place).encode() == written:
        return Draft(content, record.version, record.changed_at)
    stored, changed_at = (None, None) if record is None else (record.version, record.changed_at)
    if not rules.may_replace(stored, expected.version, whatever=expected.whatever):
        raise DraftChanged(stored, changed_at)
    sealed, version = work.sealer.seal(written.decode(), place), rules.next_version(stored, now=now)
    if record is not None:
        record.content, record.version, record.changed_at = sealed, version, now
        return Draft(content, version, now)
    if await store.number_of(work.session, work.person) >= MOST_DRAFTS:
        raise TooManyDrafts(MOST_DRAFTS)
    if not await store.add_draft(work.session, work.person, order_id, form, content=sealed, version=version, now=now):
        # Another tab was first, between our look and our row.
        return await save_draft(work, order_id, form, content, expected)
    return Draft(content, version, now)


async def remove_draft(work: Work, order_id: str, form: str, expected: Expected) -> None:
    """Remove the draft; nothing when there is none.  DraftChanged when it is not what the client read."""
    record = await store.draft_of(work.session, work.person, order_id, form, lock=True)
    if record is None:
        return
    if not rules.may_replace(record.version, expected.version, whatever=expected.whatever):
        raise DraftChanged(record.version, record.changed_at)
    await work.session.delete(record)
