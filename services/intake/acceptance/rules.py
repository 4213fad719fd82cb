"""What a repeat of an order means, by the platform's own revision numbers, and what is told of an order."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Any

import orjson

from services.intake.acceptance.errors import RevisionMissing, RevisionReused
from services.intake.acceptance.model import NewOrder
from services.intake.channels.model import Channel, UpstreamOrder
from services.intake.first_look.model import FlagsHeld
from shared.contracts.intake import OrderReceived, OrderUpdated


class Repeat(StrEnum):
    """What a platform's order is, compared with the one that is stored under its number."""

    SAME = "same"
    """Its content is known."""
    NEWER = "newer"
    """Its content is to be stored as the next version."""
    OLDER = "older"
    """The platform has sent a later revision: its content is not applied."""


def repeat_of(known: int | None, pushed: int | None, *, same: bool, overtaken: bool = False) -> Repeat:
    """Compare the stored revision number with the pushed one; None is a push without a number (S1.1.4c).

    RevisionReused for other content under a known number, RevisionMissing for other content without a number where
    there was one.  A platform that never numbers its revisions sends them in sequence: each change is the newest, but for
    one that waited in quarantine while a later one came (`overtaken`).
    """
    if known is not None and pushed is not None and pushed < known:
        return Repeat.OLDER
    if same:
        return Repeat.SAME
    if overtaken and pushed is None:
        return Repeat.OLDER
    if known is not None and pushed is None:
        raise RevisionMissing(known)
    if known is not None and pushed == known:
        raise RevisionReused(known)
    return Repeat.NEWER


def received(row: NewOrder, known_by: str | None, channel: Channel) -> OrderReceived:
    """The event of a new order; `known_by`, sealed, of a confidential one.

    Every value was checked when it arrived; checking it again takes a hundredth of the time of an order.
    """
    return OrderReceived.model_construct(
        order_id=row.order_id,
        platform=row.platform,
        platform_no=row.platform_no,
        level=channel.level,
        subject="enterprise" if row.subject == "enterprise" else "person",
        scheme=channel.scheme,
        category=row.category,
        urgent=tuple(orjson.loads(row.urgent)),
        out_of_scope=row.out_of_scope,
        street=row.street,
        confidential=row.confidential,
        known_by=known_by,
        demand=row.demand,
        received_at=row.first_at,
        released_at=row.known_at,
        upstream_due_at=row.upstream_due_at,
        is_test=row.is_test,
    )


def as_json(order: UpstreamOrder) -> dict[str, Any]:
    """The fields of an order that has just come in, as JSON values, to compare them with those that are stored."""
    values: dict[str, Any] = orjson.loads(orjson.dumps(order._asdict()))
    for unstored in ("upstream_no", "is_test"):
        values.pop(unstored)
    return values


def kept_flags(row: NewOrder, flags: FlagsHeld) -> dict[str, dict[str, object]]:
    """For the audit trail: what a person's decision holds against what the rules find now; empty where they agree.

    A decision holds for every later version until a person decides anew (S1.3.1a, S2.2.2a).
    """
    found: dict[str, object] = {"urgent": orjson.loads(row.urgent), "out_of_scope": row.out_of_scope}
    held: dict[str, object] = {"urgent": list(flags.urgent), "out_of_scope": flags.out_of_scope}
    return {"flags_kept": held, "flags_found": found} if flags.by_person and found != held else {}


def updated(row: NewOrder, version: int, changed: Sequence[str], known_by: str, flags: FlagsHeld) -> OrderUpdated:
    """The event of a new version, with the flags that hold now and what the rules find in its words.

    `known_by` is sealed.
    """
    return OrderUpdated(
        order_id=row.order_id,
        version=version,
        changed=tuple(changed),
        category=row.category,
        urgent=flags.urgent,
        out_of_scope=flags.out_of_scope,
        flags_version=flags.version,
        urgent_found=tuple(orjson.loads(row.urgent)),
        street=row.street,
        confidential=row.confidential,
        known_by=known_by if row.confidential else None,
        demand=row.demand,
        updated_at=row.at,
        upstream_due_at=row.upstream_due_at,
    )
