"""The upstream copy follows the events of the other services, and shows a caller's identity to those who may see it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Final

from services.intake.orders import policy, store
from services.intake.orders.errors import RevealRefused, TooManyReveals
from services.intake.orders.model import CALLER_COLUMNS, State
from services.intake.orders.store import StoredOrder
from services.intake.orders.tables import Caller, OrderVersion, UpstreamOrderRecord
from shared.access import Scope, Sight, Words
from shared.contracts.dispatch import OrderAssigned, OrderClosed, OrderReopened, ReturnAccepted
from shared.contracts.places import CALLER, DEMAND, KNOWN_BY
from shared.personal.confidential import known_by
from shared.personal.sealing import Sealer
from shared.work import Work

_OVER: Final = frozenset({State.CLOSED, State.CANCELLED})


# --- Events of the other services -----------------------------------------------------------------------------------


async def give_to_unit(work: Work, event: OrderAssigned) -> None:
    """From now on this unit sees the order, and no other."""
    follow(work, await store.order_for_update(work, event.order_id), State.ASSIGNED, event.unit)


async def take_from_unit(work: Work, event: ReturnAccepted) -> None:
    """The unit gave it back: it no longer sees it (S2.2.1i)."""
    follow(work, await store.order_for_update(work, event.order_id), State.RECEIVED, None)


async def give_again(work: Work, event: OrderReopened) -> None:
    """The unit handles it once more."""
    record = await store.order_for_update(work, event.order_id)
    record.redos = max(record.redos, event.redos)
    follow(work, record, State.ASSIGNED, event.unit)


async def close_order(work: Work, event: OrderClosed) -> None:
    """The order is closed; its unit still sees it, but the caller's identity no longer."""
    record = await store.order_for_update(work, event.order_id)
    follow(work, record, State.CLOSED, record.holder_unit)


def follow(work: Work, record: UpstreamOrderRecord, state: State, holder: str | None) -> None:
    """Note how far the order is and which unit holds it.

    A cancelled order stays cancelled: events that were sent before the other services knew of it change nothing.
    """
    if record.state is State.CANCELLED or (record.state, record.holder_unit) == (state, holder):
        return
    before = {"state": record.state, "holder_unit": record.holder_unit}
    record.state, record.holder_unit = state, holder
    work.audit("order.followed", record.order_id, before=before, after={"state": state, "holder_unit": holder})


# --- What people read -----------------------------------------------------------------------------------------------


def demand_of(found: StoredOrder, sealer: Sealer) -> dict[str, str]:
    """Title and content in clear, for those who may see the order."""
    return demand_text(found.record.order_id, found.version.demand, sealer)


def demand_text(order_id: str, sealed: str, sealer: Sealer) -> dict[str, str]:
    """Title and content in clear."""
    opened: dict[str, str] = sealer.open_json(sealed, DEMAND.at(order_id=order_id))
    return opened


def caller_of(caller: Caller | None, sealer: Sealer) -> dict[str, str | None]:
    """The caller's columns in clear: to be masked, or to be revealed."""
    if caller is None:
        return dict.fromkeys(CALLER_COLUMNS.values())
    return {
        column: sealer.open_if_any(getattr(caller, column), CALLER.at(order_id=caller.order_id, column=column))
        for column in CALLER_COLUMNS.values()
    }


def attachments_of(caller: Caller | None, sealer: Sealer) -> list[dict[str, str]]:
    """The files that the platform names in the present version: name and url, in clear."""
    files: list[dict[str, str]] = _private_of(caller, sealer).get("attachments", [])
    return files


def _private_of(caller: Caller | None, sealer: Sealer) -> dict[str, Any]:
    """The other fields that may name a person, in clear."""
    if caller is None or caller.private is None:
        return {}
    opened: dict[str, Any] = sealer.open_json(caller.private, CALLER.at(order_id=caller.order_id, column="private"))
    return opened


def known_words(caller: Caller, version: OrderVersion, sealer: Sealer) -> tuple[str, ...]:
    """The words by which the caller is known, of all versions of the order (X2)."""
    column = caller.known_by
    earlier = None if column is None else sealer.open_json(column, KNOWN_BY.at(order_id=caller.order_id))
    opened = caller_of(caller, sealer)
    fields = {name: opened[column] for name, column in CALLER_COLUMNS.items()}
    # The other fields say more exactly where it happened.
    return known_by(earlier, {**version.details, **fields, **_private_of(caller, sealer)})


def sight_of(found: StoredOrder, scope: Scope, sealer: Sealer) -> Sight:
    """How a reader sees the words of an order: without its caller when that is confidential and not for him to know."""
    words = scope.words_for(found.record.holder_unit)
    if scope.knows_callers or not found.record.confidential:
        return Sight(words)
    if found.caller is None:
        # A unit that no longer has the order does not find its caller, and nobody can tell what to strike out.
        return Sight(Words.NONE)
    return Sight(words, known_words(found.caller, found.version, sealer))


async def reveal_caller(work: Work, scope: Scope, order_id: str, purpose: str) -> dict[str, Any]:
    """The caller's identity in clear; that it was read goes into the audit trail with its purpose (X2, R45).

    A unit sees it only while it holds the order; when the caller asked for confidentiality, only those may see it who
    may know such a caller (shared/access.py).
    """
    found = await store.order_of(work.session, scope, order_id)
    if found.record.confidential and not scope.knows_callers:
        raise RevealRefused("confidential")
    if not scope.everything and found.record.state in _OVER:
        raise RevealRefused("over")
    seen = await store.reveals_since(work.session, work.person.account, work.now - timedelta(hours=1))
    if seen >= policy.REVEALS_PER_HOUR:
        raise TooManyReveals(policy.REVEALS_PER_HOUR)
    await store.note_reveal(
        work.session,
        id=str(work.ids()),
        account=work.person.account,
        order_id=order_id,
        purpose=purpose,
        at=work.now,
    )
    work.audit("caller.revealed", order_id, reason=purpose)
    return {**caller_of(found.caller, work.sealer), "more": _private_of(found.caller, work.sealer)}
