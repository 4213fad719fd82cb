"""Faults that are planted in the platform, to show that the model finds them.

Each is planted in a service's table of contents: a handler is left out, runs twice, or gets the event with a wrong
value in it, as a mistake in the handler would have it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any, Final

from services.dispatch.closing.handlers import redo_order, settle_revisit
from services.sla.clocks.store import running_clocks
from shared.contracts import Event
from shared.contracts.dispatch import CallerContacted, OrderAssigned, OrderReopened, ReturnAccepted
from shared.contracts.intake import (
    OrderCancelled,
    OrderFedBack,
    OrderRedoRequested,
    OrderRevisited,
    OrderUpdated,
    OrderUrged,
    ReplyNotSent,
    ReplyOutdated,
)
from shared.contracts.review import ReplyApproved, ReplyRejected
from shared.contracts.sla import ExtensionGranted
from shared.inbox import Handler
from shared.outbox import Envelope
from shared.service import Service
from shared.work import Work
from tests.support.platform import ALL

Change = Callable[[Any], Any]


@dataclass(frozen=True)
class Fault:
    """One fault: the services that have it, and the steps that lead to it soonest."""

    services: Sequence[Service]
    steps: tuple[str, ...]
    far: int = 0
    """How far along the main way a sequence begins."""
    answer: str = ""
    """What the unit answers on it."""


def _with(name: str, **changes: Any) -> Sequence[Service]:
    return tuple(replace(one, **changes) if one.name == name else one for one in ALL)


def _handled(name: str, event: type[Event], *handlers: Handler) -> Sequence[Service]:
    service = next(one for one in ALL if one.name == name)
    return _with(name, subscriptions={**service.subscriptions, event: handlers})


def _handlers(name: str, event: type[Event]) -> tuple[Handler, ...]:
    return next(one for one in ALL if one.name == name).handlers_of(event)


def _dropped(name: str, event: type[Event]) -> Sequence[Service]:
    return _handled(name, event)


def _twice(name: str, event: type[Event]) -> Sequence[Service]:
    return _handled(name, event, *_handlers(name, event), *_handlers(name, event))


def _misread(name: str, event: type[Event], change: Change) -> Sequence[Service]:
    """The service takes each such event for another one."""

    def misreading(handler: Handler) -> Handler:
        async def misread(work: Work, told: Any) -> None:
            await handler(work, change(told))

        return misread

    return _handled(name, event, *map(misreading, _handlers(name, event)))


def _and_then(name: str, event: type[Event], more: Callable[[Work, Any], Awaitable[None]]) -> Sequence[Service]:
    return _handled(name, event, *_handlers(name, event), more)


def _said(told: Any, **changes: Any) -> Any:
    return told.model_copy(update=changes)


async def _acknowledge_late(work: Work, told: OrderReopened) -> None:
    """The acknowledgement of the reply before comes now, and is taken for one of this cycle."""
    late = OrderFedBack(
        order_id=told.order_id,
        reply_id="late",
        disposition="solved",
        platform="city_12345",
        attempts=2,
        fed_back_at=told.reopened_at,
        redos=told.redos,
    )
    for handler in _handlers("sla", OrderFedBack):
        await handler(work, late)


def _moved(kind: str, due_at: Callable[[datetime, Any, Work], datetime]) -> Callable[[Work, Any], Awaitable[None]]:
    async def move(work: Work, told: Any) -> None:
        for clock in await running_clocks(work, told.order_id):
            if clock.kind == kind:
                clock.due_at = clock.next_at = due_at(clock.due_at, told, work)

    return move


async def _reopen_whatever_was_answered(work: Work, told: OrderRevisited) -> None:
    await settle_revisit(work, told)
    if told.solved == "unsolved":
        redo = OrderRedoRequested(
            order_id=told.order_id, reason="回访未解决", requested_at=told.revisited_at, redos=told.redos
        )
        await redo_order(work, redo)


async def _project_without_redos(work: Work, told: Sequence[Envelope]) -> None:
    batch = next(one for one in ALL if one.name == "analytics").batch
    assert batch is not None
    await batch(work, [one for one in told if not isinstance(one.event, OrderReopened)])


FAULTS: Final[Mapping[str, Fault]] = {
    "a late acknowledgement ends the redo's deadline": Fault(
        _and_then("sla", OrderReopened, _acknowledge_late), ("redo",), 5
    ),
    "one failed call counts": Fault(
        _misread("sla", CallerContacted, lambda told: _said(told, counts=True)), ("contact",), 1
    ),
    "a new version of the demand is dropped": Fault(_dropped("dispatch", OrderUpdated), ("push",), 1),
    "a redo is dropped": Fault(_dropped("dispatch", OrderRedoRequested), ("redo",), 5),
    "an unsatisfied revisit opens an excluded order": Fault(
        _handled("dispatch", OrderRevisited, _reopen_whatever_was_answered),
        ("revisit", "revisit"),
        5,
        "out_of_scope",
    ),
    "a cancelled order keeps its clocks": Fault(_dropped("sla", OrderCancelled), ("cancel",), 1),
    "a return restarts the district's clock": Fault(
        _and_then("sla", ReturnAccepted, _moved("district_final", lambda was, _, __: was + timedelta(days=1))),
        ("return", "decide return"),
        1,
    ),
    "a rejection restarts the final clock": Fault(
        _and_then("sla", ReplyRejected, _moved("final", lambda was, _, __: was + timedelta(days=1))), ("centre",), 4
    ),
    "an extension counts from its approval": Fault(
        _and_then(
            "sla",
            ExtensionGranted,
            _moved("final", lambda _, told, work: work.calendar.due_at(told.granted_at, told.workdays).at),
        ),
        ("extend", "decide extension"),
        1,
    ),
    "urgent classes that a person removed stay": Fault(
        _misread("dispatch", OrderUpdated, lambda told: told if told.urgent else _said(told, urgent=("safety",))),
        ("reflag", "push"),
        1,
    ),
    "an urge is applied twice": Fault(_twice("dispatch", OrderUrged), ("urge",), 1),
    "the announcement of a plan fulfils it": Fault(
        _misread("sla", OrderFedBack, lambda told: _said(told, disposition="solved")), ("plan", "leader", "centre"), 2
    ),
    "the unit before keeps its review": Fault(_dropped("review", OrderAssigned), ("reply", "leader", "assign"), 2),
    "a reply to a changed demand is sent": Fault(
        _misread("intake", ReplyApproved, lambda told: _said(told, known_version=told.known_version + 1)), ("cross",), 4
    ),
    "an outdated reply stays approved": Fault(_dropped("review", ReplyOutdated), ("cross",), 4),
    "a reply that was not sent stays approved": Fault(_dropped("review", ReplyNotSent), ("cross",), 4),
    "the figures miss redos": Fault(_with("analytics", batch=_project_without_redos), ("redo",), 5),
}
