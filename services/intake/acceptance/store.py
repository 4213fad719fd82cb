"""The statements of the hot path: many orders in one transaction, few round trips, on a bare asyncpg connection.

Each function takes rows of equal length and sends them as arrays.  The commit is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

import asyncpg
import orjson

from services.intake.acceptance.model import NewOrder
from services.intake.channels.model import Channel, UpstreamOrder
from services.intake.channels.schemas import number_key
from services.intake.channels.store import KnownReceipt
from services.intake.first_look.model import Flags, FlagsHeld
from services.intake.first_look.rules import flags_of
from services.intake.orders.model import CALLER_COLUMNS
from services.intake.orders.rules import details_of, found_by, private_of
from services.intake.quarantine.store import overtake_waiting
from shared.contracts.places import CALLER, DEMAND, KNOWN_BY, UNKNOWN
from shared.outbox.writer import WRITE, Pending, columns_of, writing
from shared.personal.confidential import known_by
from shared.personal.sealing import Sealer


def sealed_order(
    channel: Channel,
    order: UpstreamOrder,
    unknown: Mapping[str, str],
    flags: Flags,
    *,
    order_id: str,
    fingerprint: str,
    at: datetime,
    arrived_at: datetime | None,
    sealer: Sealer,
    webhook_id: str,
    body_hash: bytes,
) -> NewOrder:
    """The order's columns, personal data sealed for this order id.

    `arrived_at` is the moment at which a request came that was released from quarantine at `at`; None for any other.
    """
    callers = {
        column: sealer.seal(value, CALLER.at(order_id=order_id, column=column))
        if (value := getattr(order, name))
        else None
        for name, column in CALLER_COLUMNS.items()
    }
    private = private_of(order)
    return NewOrder(
        order_id=order_id,
        platform=channel.code,
        platform_no=order.upstream_no,
        level=channel.level,
        subject="enterprise" if channel.subject == "enterprise" else order.subject or channel.subject,
        scheme=channel.scheme,
        platform_revision=order.revision,
        fingerprint=fingerprint,
        category=order.category,
        street=flags.street,
        urgent=orjson.dumps(flags.urgent).decode(),
        out_of_scope=flags.out_of_scope,
        confidential=order.hidden,
        is_test=order.is_test,
        at=at,
        received_at=arrived_at or at,
        released_at=at if arrived_at else None,
        upstream_due_at=order.due_at,
        demand=sealer.seal_json({"title": order.title, "content": order.content}, DEMAND.at(order_id=order_id)),
        details=orjson.dumps(details_of(order)).decode(),
        **callers,
        private=sealer.seal_json(private, CALLER.at(order_id=order_id, column="private")) if private else None,
        prints=_prints(order, sealer),
        unknown=sealed_unknown(sealer, unknown, order_id, webhook_id),
        webhook_id=webhook_id,
        body_hash=body_hash,
        number_print=sealer.fingerprint(number_key(channel.code, order.upstream_no)),
        first_at=arrived_at or at,
    )


def sealed_unknown(sealer: Sealer, unknown: Mapping[str, str], order_id: str, webhook_id: str) -> str | None:
    """The unknown fields of a request about this order, sealed; None when there are none."""
    return sealer.seal_json(dict(unknown), UNKNOWN.at(order_id=order_id, webhook_id=webhook_id)) if unknown else None


def sealed_again(channel: Channel, order: UpstreamOrder, row: NewOrder, *, order_id: str, sealer: Sealer) -> NewOrder:
    """The columns of an order as a version of the one that is stored under this id.

    Its unknown fields are not among them: they are kept with the request, whatever becomes of its content.
    """
    return sealed_order(
        channel,
        order,
        {},
        flags_of(order),
        order_id=order_id,
        fingerprint=row.fingerprint,
        at=row.at,
        arrived_at=row.received_at if row.released_at else None,
        sealer=sealer,
        webhook_id=row.webhook_id,
        body_hash=row.body_hash,
    )


def _prints(order: UpstreamOrder, sealer: Sealer) -> str:
    """What finds the order, as PostgreSQL writes an array: one order is one element of the arrays of a batch."""
    prints = sorted({sealer.search_print(kind, text) for kind, text in found_by(order)})
    return f"{{{','.join(map(str, prints))}}}"


def opened(row: Mapping[str, Any], order_id: str, sealer: Sealer) -> dict[str, Any]:
    """The fields of a stored order in clear, as JSON values, to compare it with a new version."""
    details = row["details"]
    fields: dict[str, Any] = dict(orjson.loads(details) if isinstance(details, str) else details)
    fields |= sealer.open_json(row["demand"], DEMAND.at(order_id=order_id))
    fields["category"] = row["category"]
    for name, column in CALLER_COLUMNS.items():
        if row[column] is not None:
            fields[name] = sealer.open(row[column], CALLER.at(order_id=order_id, column=column))
    if row["private"] is not None:
        fields |= sealer.open_json(row["private"], CALLER.at(order_id=order_id, column="private"))
    return fields


def sealed_known_by(sealer: Sealer, order_id: str, *versions: Mapping[str, Any], earlier: str | None = None) -> str:
    """By which words the caller is known in these versions and in earlier ones, sealed.

    What was said of the caller in any version is struck out of all of them, should one be confidential (X2).
    """
    place = KNOWN_BY.at(order_id=order_id)
    known = None if earlier is None else sealer.open_json(earlier, place)
    return sealer.seal_json(known_by(known, *versions), place)


# Receipt, order, caller and first version beside each other.  The orders are inserted in the order of their numbers, so
# that two writers wait for each other in one direction only; a known number is skipped here and handled separately.  A
# known webhook-id with a new number breaks the statement on purpose: the rows are then tried one by one.  A new order
# with copies in quarantine is left out unless $34: its event says when the earliest of them came.
_STORED: Final = """
given as (
  select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
    $8::text[], $9::text[], $10::text[], $11::text[], $12::text[], $13::bool[], $14::bool[], $15::timestamptz[],
    $16::timestamptz[], $17::timestamptz[], $18::timestamptz[], $19::text[], $20::text[], $21::text[], $22::text[],
    $23::text[], $24::text[], $25::text[], $26::text[], $27::text[], $28::text[], $29::text[], $30::text[],
    $31::bytea[], $32::text[], $33::timestamptz[])
  as g(order_id, platform, platform_no, level, subject, scheme, platform_revision, fingerprint, category, street,
    urgent, out_of_scope, confidential, is_test, at, received_at, released_at, upstream_due_at, demand, details, name,
    phone, contact_phone, id_number, email, address, private, prints, unknown, webhook_id, body_hash, number_print,
    first_at)
), accepted as (
  insert into upstream_order (order_id, platform, platform_no, level, subject, scheme, version, platform_revision,
    fingerprint, category, street, urgent, urgent_found, out_of_scope, confidential, is_test, received_at, released_at,
    changed_at, upstream_due_at)
  select order_id, platform, platform_no, level, subject, scheme, 1, platform_revision, fingerprint, category, street,
    urgent::jsonb, urgent::jsonb, out_of_scope, confidential, is_test, first_at,
    coalesce(released_at, case when first_at < received_at then at end), at, upstream_due_at
  from given g
  where $34::bool or not exists (select from quarantine q where q.state = 'waiting' and q.number_print = g.number_print)
  order by platform, platform_no
  on conflict (platform, platform_no) do nothing
  returning order_id
), stored as (
  select g.* from given g join accepted a using (order_id)
), callers as (
  insert into caller (order_id, name, phone, contact_phone, id_number, email, address, private, prints)
  select order_id, name, phone, contact_phone, id_number, email, address, private, prints::bigint[] from stored
), versions as (
  insert into order_version (order_id, version, received_at, category, changed, demand, details)
  select order_id, 1, received_at, category, '[]'::jsonb, demand, details::jsonb from stored
), receipts as (
  insert into receipt (channel, webhook_id, body_hash, status, order_id, version, received_at)
  select platform, webhook_id, body_hash, 201, order_id, 1, at from stored
), unknowns as (
  insert into unknown_fields (channel, webhook_id, order_id, kind, fields, received_at)
  select platform, webhook_id, order_id, 'orders', unknown, at from stored where unknown is not null
)
"""

_RECEIPTS: Final = """
select r.channel, r.webhook_id, r.body_hash, r.status, r.order_id::text, r.version, r.quarantine_id::text,
  r.not_applied
from receipt r join unnest($1::text[], $2::text[]) as t(channel, webhook_id) using (channel, webhook_id)
"""

_LOCK: Final = """
select o.order_id::text, o.platform, o.platform_no, o.version, o.platform_revision, o.fingerprint, o.state
from upstream_order o
join unnest($1::text[], $2::text[]) as t(platform, platform_no) using (platform, platform_no)
order by o.platform, o.platform_no
for update of o
"""
# Read after the lock, by a statement of its own: one statement would look for the version that was the present one when
# it began, and find nothing where another replica has stored the next one meanwhile.
_PRESENT: Final = """
select v.order_id::text, v.received_at, v.category, v.demand, v.details, c.name, c.phone, c.contact_phone, c.id_number,
  c.email, c.address, c.private, c.known_by
from order_version v
join unnest($1::uuid[], $2::int[]) as t(order_id, version) using (order_id, version)
left join caller c on c.order_id = v.order_id
"""

# Flags that a person decided stay; flags that the rules found are replaced by what they find now.
_CHANGE: Final = """
update upstream_order set version = version + 1, revision = revision + 1, fingerprint = $2, category = $3, street = $4,
  urgent = case when flagged_by = 'rules' then $5::jsonb else urgent end,
  out_of_scope = case when flagged_by = 'rules' then $6 else out_of_scope end,
  urgent_found = $5::jsonb,
  flags_version = flags_version + case when flagged_by = 'rules' and (urgent, out_of_scope) is distinct from ($5::jsonb, $6)
    then 1 else 0 end,
  confidential = $7, is_test = $8, changed_at = $9, upstream_due_at = $10,
  platform_revision = coalesce($11, platform_revision)
where order_id = $1
returning version, urgent::text, out_of_scope, flags_version, flagged_by
"""
_REVISION: Final = "update upstream_order set platform_revision = $2 where order_id = $1"
_CALLER: Final = """
insert into caller (order_id, name, phone, contact_phone, id_number, email, address, private, prints, known_by)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::text::bigint[], $10)
on conflict (order_id) do update set name = excluded.name, phone = excluded.phone,
  contact_phone = excluded.contact_phone, id_number = excluded.id_number, email = excluded.email,
  address = excluded.address, private = excluded.private, prints = excluded.prints,
  known_by = excluded.known_by
"""
_VERSION: Final = """
insert into order_version (order_id, version, received_at, category, changed, demand, details)
values ($1, $2, $3, $4, $5::jsonb, $6, $7::jsonb)
"""
_AUDIT: Final = """
insert into audit (at, actor, role, action, subject, before, after, correlation)
values ($1, $2, 'system', 'order.updated', $3, $4::jsonb, $5::jsonb, $6)
"""
_RECEIVED: Final = """
insert into receipt (channel, webhook_id, body_hash, status, order_id, version, not_applied, received_at)
select * from unnest($1::text[], $2::text[], $3::bytea[], $4::smallint[], $5::uuid[], $6::int[], $7::text[],
  $8::timestamptz[])
"""
_UNKNOWN: Final = """
insert into unknown_fields (channel, webhook_id, order_id, kind, fields, received_at)
select * from unnest($1::text[], $2::text[], $3::uuid[], $4::text[], $5::text[], $6::timestamptz[])
"""
_BACKLOG: Final = "select count(*) from (select 1 from outbox where published_at is null limit $1) waiting"


def _numbered(statement: str, first: int) -> tuple[str, tuple[str, ...]]:
    """The kernel's statement with its parameters numbered for asyncpg, and their names in that sequence."""
    names = tuple(dict.fromkeys(re.findall(r"(?<!:):([a-z]+)", statement)))
    return re.sub(r"(?<!:):([a-z]+)", lambda name: f"${names.index(name[1]) + first}", statement), names


_ACCEPT, _ACCEPT_NAMES = _numbered(
    writing(_STORED, only="key in (select order_id::text from accepted)") + "returning aggregateid",  # noqa: S608 - no user input
    len(NewOrder._fields) + 2,
)
_WRITE, _WRITE_NAMES = _numbered(WRITE, 1)

Connection: TypeAlias = "asyncpg.Connection[Any]"


async def accept_new(
    connection: Connection, orders: Sequence[NewOrder], events: Sequence[Pending], *, also_copied: bool = False
) -> frozenset[str]:
    """Store what is new, each order with its event, in one statement; the ids of the orders that it stored.

    Orders with copies in quarantine only with `also_copied`.
    """
    columns = columns_of(events)
    values = (columns[name] for name in _ACCEPT_NAMES)
    rows = await connection.fetch(_ACCEPT, *map(list, zip(*orders, strict=True)), also_copied, *values)
    return frozenset(row[0] for row in rows)


async def known_receipts(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], KnownReceipt]:
    """The receipts among these (channel, webhook-id)."""
    rows = await connection.fetch(_RECEIPTS, [key[0] for key in keys], [key[1] for key in keys])
    return {(row[0], row[1]): KnownReceipt(bytes(row[2]), *row[3:]) for row in rows}


async def lock_existing(
    connection: Connection, keys: Sequence[tuple[str, str]]
) -> dict[tuple[str, str], Mapping[str, Any]]:
    """The orders with these (platform, number), locked, each with its present version and its caller."""
    locked = await connection.fetch(_LOCK, [key[0] for key in keys], [key[1] for key in keys])
    present = await connection.fetch(_PRESENT, [row["order_id"] for row in locked], [row["version"] for row in locked])
    by_order = {row["order_id"]: row for row in present}
    return {(row["platform"], row["platform_no"]): {**row, **by_order[row["order_id"]]} for row in locked}


async def overtake_copies(connection: Connection, row: NewOrder, order_id: str, *, correlation: str) -> None:
    """Its platform sent this order so that it was understood: its copies in quarantine are overtaken.

    What a person releases overtakes nothing: he decides on each copy.
    """
    if row.released_at is None:
        await overtake_waiting(
            connection,
            row.number_print,
            order_id,
            revision=row.platform_revision,
            actor=f"channel:{row.platform}",
            at=row.at,
            correlation=correlation,
        )


async def note_revision(connection: Connection, order_id: str, revision: int) -> None:
    """Remember the highest revision number of a locked order whose content stays the same."""
    await connection.execute(_REVISION, order_id, revision)


async def store_version(
    connection: Connection, order_id: str, order: NewOrder, changed: str, known_by: str
) -> tuple[int, FlagsHeld]:
    """Make `order` the next version of a locked order; that version and the flags that hold now."""
    row = await connection.fetchrow(
        _CHANGE,
        order_id,
        order.fingerprint,
        order.category,
        order.street,
        order.urgent,
        order.out_of_scope,
        order.confidential,
        order.is_test,
        order.at,
        order.upstream_due_at,
        order.platform_revision,
    )
    assert row is not None, "the order is locked"
    await connection.execute(
        _CALLER,
        order_id,
        order.name,
        order.phone,
        order.contact_phone,
        order.id_number,
        order.email,
        order.address,
        order.private,
        order.prints,
        known_by,
    )
    await connection.execute(
        _VERSION, order_id, row[0], order.received_at, order.category, changed, order.demand, order.details
    )
    flags = FlagsHeld(tuple(orjson.loads(row[1])), row[2], row[3], by_person=row[4] != "rules")
    return row[0], flags


async def audit_update(
    connection: Connection,
    row: NewOrder,
    order_id: str,
    before: Mapping[str, object],
    after: Mapping[str, object],
    *,
    correlation: str,
) -> None:
    """Put into the audit trail that a platform changed an order (X1)."""
    values = [orjson.dumps(told).decode() for told in (before, after)]
    await connection.execute(_AUDIT, row.at, f"channel:{row.platform}", order_id, *values, correlation)


async def insert_receipts(
    connection: Connection, receipts: Sequence[tuple[str, str, bytes, int, str, int, str | None, datetime]]
) -> None:
    """Remember answers: channel, webhook-id, body hash, status, order id, version, why it was not applied, moment."""
    if not receipts:
        return
    await connection.execute(_RECEIVED, *map(list, zip(*receipts, strict=True)))


async def insert_unknown(connection: Connection, rows: Sequence[tuple[str, str, str, str, str, datetime]]) -> None:
    """Keep unknown fields: channel, webhook-id, order id, kind, sealed fields, moment."""
    if rows:
        await connection.execute(_UNKNOWN, *map(list, zip(*rows, strict=True)))


async def write_outbox(connection: Connection, pending: Sequence[Pending]) -> None:
    """The events, by the kernel's own statement."""
    columns = columns_of(pending)
    await connection.execute(_WRITE, *(columns[name] for name in _WRITE_NAMES))


async def backlog(connection: Connection, ceiling: int) -> int:
    """How many events wait for the bus, counted up to the ceiling."""
    return int(await connection.fetchval(_BACKLOG, ceiling))


def sqlstate(fault: BaseException) -> str:
    """PostgreSQL's code of a fault; empty when it has none."""
    return str(getattr(fault, "sqlstate", None) or "")


def is_away(fault: BaseException) -> bool:
    """Whether the database is unavailable or shutting down; otherwise one row is wrong."""
    return isinstance(fault, OSError) or sqlstate(fault)[:2] in {"08", "57", "53"}
