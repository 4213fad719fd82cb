"""The logins of the services: what each may do in its own database, and which rows the requests of a unit see.

An owner migrates and does nothing else.  A service works through two logins that own nothing: `gongdan_<service>_centre`
for the centre, the district and everything that runs by itself, `gongdan_<service>_unit` for the requests of units.  A
table whose model says `info={PROTECTED: ...}` shows the second one only what the asking unit may see (S4.2a).  The unit
comes with BEGIN: see `shared.db.engine.UnitConnection`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import asyncpg
from sqlalchemy import Connection, MetaData, Table, text

from shared.db.engine import asyncpg_url

CENTRE: Final = "gongdan_centre"
UNIT: Final = "gongdan_unit"
OWNER: Final = "gongdan_owner"
PROTECTED: Final = "protected"
"""In a table's `info`: OrderTable, RowsOfUnit, OwnRows or HangsOn."""
GRANTED_TO_UNITS: Final = "granted to units"
"""In the `info` of a table without policies: what the requests of units may do there, as GRANT says it; nothing unless said."""

PARTS_TABLE: Final = "order_part"

_ASKING: Final = "(select nullif(current_setting('app.unit', true), ''))"
_READ_ONLY: Final = frozenset({"audit"})
"""Rows are added and never changed; a trigger says the same to everybody."""


@dataclass(frozen=True, slots=True)
class OrderTable:
    """One row an order.  A unit sees the orders in which it has or had a part, and changes those that it leads or shares.

    `lead` is the column with the unit that leads; `kept` are columns that a unit's request never changes.
    """

    lead: str | None
    kept: tuple[str, ...] = ()
    changed_by_units: bool = True


@dataclass(frozen=True, slots=True)
class RowsOfUnit:
    """Rows that hang on an order.  A unit sees those of the orders in which it has a part now, and its own for ever.

    `unit` is the column with the unit that wrote the row or answers for it; None where rows are nobody's own.  A unit
    writes rows of its own, while it has a part in the order; with `written=False` it only reads.
    """

    unit: str | None
    written: bool = True


@dataclass(frozen=True, slots=True)
class OwnRows:
    """Rows that name the unit that they are about; a unit reads its own, and those of `everybodys` if there are such.

    With `written`, it also adds, changes and removes its own.
    """

    unit: str
    everybodys: str | None = None
    written: bool = False


@dataclass(frozen=True, slots=True)
class HangsOn:
    """Rows that are read by whoever sees the row of another table to which they belong.

    With `added`, the requests of units add such rows, about whatever they did; they never change one.
    """

    column: str
    table: str
    key: str
    added: bool = False


def login_of(service: str, group: str) -> str:
    """The login of a service in one of the two groups."""
    return f"gongdan_{service}_{group.removeprefix('gongdan_')}"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


async def create_logins(server_url: str, services: tuple[str, ...], *, owner: str, centre: str, unit: str) -> None:
    """Make the roles of all services on the server of this superuser's address, or give them these passwords."""
    connection = await asyncpg.connect(asyncpg_url(server_url))
    try:
        wanted: list[tuple[str, str | None, str | None]] = [
            (OWNER, owner, None),
            (CENTRE, None, None),
            (UNIT, None, None),
        ]
        for service in services:
            wanted += [(login_of(service, CENTRE), centre, CENTRE), (login_of(service, UNIT), unit, UNIT)]
        async with connection.transaction():
            # Two processes that start together: the second one finds what the first one made.
            await connection.execute("select pg_advisory_xact_lock(hashtext('gongdan logins'))")
            known = {row["rolname"] for row in await connection.fetch("select rolname from pg_roles")}
            for name, password, group in wanted:
                what = "alter" if name in known else "create"
                login = "nologin" if password is None else f"login password {_literal(password)}"
                await connection.execute(
                    f"{what} role {_quoted(name)} {login} nosuperuser nobypassrls nocreatedb nocreaterole"
                )
                if group is not None:
                    await connection.execute(f"grant {_quoted(group)} to {_quoted(name)}")
    finally:
        await connection.close()


async def close_to_others(server_url: str, database: str, service: str) -> None:
    """Let only this service's two logins, beside the owner, into its database; run by a superuser."""
    connection = await asyncpg.connect(asyncpg_url(server_url))
    try:
        own = ", ".join(_quoted(login_of(service, group)) for group in (CENTRE, UNIT))
        await connection.execute(f"revoke all on database {_quoted(database)} from public")
        await connection.execute(f"grant connect on database {_quoted(database)} to {own}")
    finally:
        await connection.close()


def grant_access(connection: Connection, metadata: MetaData) -> None:
    """Give both logins what they need in this database and switch row-level security on; run by the owner.

    After each migration, for all tables: what a model does not say is taken away.
    """
    for statement in _statements(metadata):
        connection.execute(text(statement.replace(":", "\\:")))


def _statements(metadata: MetaData) -> Iterator[str]:
    yield f"grant usage on schema public to {CENTRE}, {UNIT}"
    yield f"grant select on all tables in schema public to {CENTRE}"
    yield f"grant usage on all sequences in schema public to {CENTRE}, {UNIT}"
    for table in metadata.sorted_tables:
        name = _quoted(table.name)
        changing = "insert" if table.name in _READ_ONLY else "insert, update, delete"
        yield f"revoke all on {name} from {CENTRE}, {UNIT}"
        yield f"grant select, {changing} on {name} to {CENTRE}"
        if table.name == PARTS_TABLE:
            yield from _show_own_parts(name)
        elif (protected := table.info.get(PROTECTED)) is not None:
            yield from _protect(table, protected)
        elif (granted := table.info.get(GRANTED_TO_UNITS)) is not None:
            yield f"grant {granted} on {name} to {UNIT}"


def _protect(table: Table, protected: OrderTable | RowsOfUnit | OwnRows | HangsOn) -> Iterator[str]:
    name = _quoted(table.name)
    part = f"exists (select from {PARTS_TABLE} p where p.order_id = {name}.order_id::text and p.unit = {_ASKING}"
    now = f"{part} and p.until is null)"
    for policy in ("everything", "seen", "changed", "added", "removed"):
        yield f"drop policy if exists {policy} on {name}"
    yield f"create policy everything on {name} for all to {CENTRE} using (true)"
    if isinstance(protected, OwnRows):
        everybodys = (
            "" if protected.everybodys is None else f" or {_quoted(protected.unit)} = {_literal(protected.everybodys)}"
        )
        yield f"create policy seen on {name} for select to {UNIT} using ({_quoted(protected.unit)} = {_ASKING}{everybodys})"
        yield f"grant select on {name} to {UNIT}"
        if protected.written:
            own = f"({_quoted(protected.unit)} = {_ASKING})"
            yield f"create policy added on {name} for insert to {UNIT} with check {own}"
            yield f"create policy changed on {name} for update to {UNIT} using {own}"
            yield f"create policy removed on {name} for delete to {UNIT} using {own}"
            yield f"grant insert, update, delete on {name} to {UNIT}"
    elif isinstance(protected, HangsOn):
        seen = f"select from {_quoted(protected.table)} h where h.{_quoted(protected.key)} = {name}.{_quoted(protected.column)}"
        yield f"create policy seen on {name} for select to {UNIT} using (exists ({seen}))"
        if protected.added:
            yield f"create policy added on {name} for insert to {UNIT} with check (true)"
        yield f"grant select{', insert' if protected.added else ''} on {name} to {UNIT}"
    elif isinstance(protected, OrderTable):
        own = f"{_quoted(protected.lead)} = {_ASKING}" if protected.lead else "false"
        shared = f"{part} and p.until is null and p.part = 'joint')" if protected.lead else now
        yield f"create policy seen on {name} for select to {UNIT} using ({own} or {part}))"
        if not protected.changed_by_units:
            yield f"grant select on {name} to {UNIT}"
            yield f"alter table {name} enable row level security"
            return
        yield f"create policy changed on {name} for update to {UNIT} using ({own} or {shared})"
        kept = {*protected.kept, *([protected.lead] if protected.lead else ())}
        columns = [column for column in table.columns if column.name not in kept and not column.primary_key]
        yield f"grant select, update ({', '.join(_quoted(column.name) for column in columns)}) on {name} to {UNIT}"
    else:
        own = f"{_quoted(protected.unit)} = {_ASKING}" if protected.unit else "false"
        writes = f"({own} and {now})" if protected.unit else f"({now})"
        yield f"create policy seen on {name} for select to {UNIT} using ({own} or {now})"
        if not protected.written:
            yield f"grant select on {name} to {UNIT}"
            yield f"alter table {name} enable row level security"
            return
        yield f"create policy changed on {name} for update to {UNIT} using {writes}"
        yield f"create policy added on {name} for insert to {UNIT} with check {writes}"
        yield f"grant select, insert, update on {name} to {UNIT}"
    yield f"alter table {name} enable row level security"


def _show_own_parts(name: str) -> Iterator[str]:
    """A unit sees its own parts; the policies of the orders look here, so nothing here looks at an order."""
    for policy in ("everything", "seen"):
        yield f"drop policy if exists {policy} on {name}"
    yield f"create policy everything on {name} for all to {CENTRE} using (true)"
    yield f"create policy seen on {name} for select to {UNIT} using (unit = {_ASKING})"
    yield f"alter table {name} enable row level security"
    yield f"grant select on {name} to {UNIT}"


async def refuse_wide_logins(url: str) -> None:
    """At the start: a login that row-level security does not hold is a wrong setting, and no warning.

    Raises LoginSeesTooMuch for a superuser, an owner of tables, or a role with BYPASSRLS.
    """
    connection = await asyncpg.connect(asyncpg_url(url))
    try:
        wide = await connection.fetchval(
            "select rolsuper or rolbypassrls or exists (select from pg_class where relowner = pg_roles.oid) "
            "from pg_roles where rolname = session_user"
        )
        if wide:
            raise LoginSeesTooMuch(await connection.fetchval("select session_user::text"))
    finally:
        await connection.close()


class LoginSeesTooMuch(RuntimeError):
    """数据库登录权限过大：行级权限对它不起作用。"""

    def __init__(self, login: str) -> None:
        super().__init__(
            f"数据库登录 {login} 是超级用户、数据表的所有者或可绕过行级权限，不能用于服务；请按 deploy/postgres-databases.sql 建立登录"
        )
        self.login = login
