"""The declaration of a service: its name, routes, subscriptions and jobs; and the parts that it has while it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from typing import Any, TypeVar, cast

from fastapi import APIRouter
from sqlalchemy import MetaData

from shared.access import ACCESS, KERNEL, WITHOUT_LOGIN, Operation
from shared.bus import Bus
from shared.clock import Clock
from shared.contracts import Event
from shared.files.store import FileStore
from shared.identity import TokenReader
from shared.inbox import BatchHandler, Consumer, Handler, Listening, ParkedEvents, Subscriptions
from shared.outbox import Relay
from shared.reading_ahead import RowsOfOrder
from shared.settings import ServiceName, Settings
from shared.telemetry import Metrics
from shared.work import Work, Works

Part = TypeVar("Part")


class Parts:
    """Objects of a service beside the kernel's, one of each class: `runtime.parts.put(Deliverer(...))`."""

    def __init__(self) -> None:
        self._by_class: dict[type[Any], Any] = {}

    def put(self, part: object) -> None:
        """Keep this part for the routes and jobs of the service."""
        self._by_class[type(part)] = part

    def of(self, kind: type[Part]) -> Part:
        """The part of this class; KeyError when `prepare` put none."""
        return cast("Part", self._by_class[kind])


@dataclass(slots=True)
class Runtime:
    """The parts of one running service; routes find it as `request.app.state.runtime`, jobs get it as argument."""

    service: Service
    settings: Settings
    clock: Clock
    works: Works
    bus: Bus
    tokens: TokenReader
    metrics: Metrics
    relay: Relay
    consumer: Consumer
    parked: ParkedEvents
    database_url: str
    files: FileStore
    parts: Parts = field(default_factory=Parts)
    """What the service's own `prepare` put here for its routes and jobs."""
    bus_there: bool = False
    """Whether the event bus answered when it was last asked."""
    started: bool = False
    closing: bool = False


Job = Callable[[Runtime], Awaitable[None]]
"""Runs until cancelled; when it raises it is started again after a pause."""


@dataclass(frozen=True, slots=True)
class Service:
    """The contents of a service; services/<name>/service.py defines one."""

    name: ServiceName
    title: str
    about: str
    routers: tuple[APIRouter, ...]
    metadata: MetaData
    access: Mapping[str, Operation] | None = None
    """Who may call its operations; None for its rows in shared/access.py."""
    open_operations: frozenset[str] | None = None
    """Those that ask for no login; None for those that shared/access.py names."""
    topics: tuple[str, ...] = ()
    subscriptions: Subscriptions = field(default_factory=dict)
    follows_rules: bool = False
    """What its subscriptions write is no decision of whoever acted in the event: it follows from the facts by rules (X1)."""
    batch: BatchHandler | None = None
    """Gets all new events of a round at once, after the handlers of each."""
    batched: frozenset[type[Event]] | None = None
    """The types of event that `batch` is for, read beside those of `subscriptions`; None for all that there are.

    The inbox keeps no ids of what only `batch` is for: it must do nothing with an event whose rows it has written.
    """
    rows: tuple[RowsOfOrder, ...] = ()
    """The rows that its handlers ask for by order, read for a whole batch of events at once."""
    jobs: tuple[Job, ...] = ()
    schemas: Mapping[str, Any] = field(default_factory=dict)
    """Named schemas of its API document for bodies that no model of pydantic describes, by their names."""
    webhooks: Mapping[str, Any] = field(default_factory=dict)
    """What it sends to others, as the API document describes it (OpenAPI `webhooks`)."""
    next_due: Callable[[Runtime], Awaitable[datetime | None]] | None = None
    """When the work comes due that it does by itself, beside what it is sent; in the past or now while it has some."""
    prepare: Callable[[Runtime], Awaitable[None]] | None = None
    """Run once after the migrations and before requests and events are taken: read settings, enter first rows."""

    @property
    def operations(self) -> Mapping[str, Operation]:
        """Who may call what of this service, the kernel's operations included."""
        return {**(ACCESS[self.name] if self.access is None else self.access), **KERNEL}

    @property
    def without_login(self) -> frozenset[str]:
        """The operations that ask for a password or a signature instead of a login."""
        return frozenset(WITHOUT_LOGIN.get(self.name, ())) if self.open_operations is None else self.open_operations

    def handlers_of(self, event: type[Event]) -> tuple[Handler, ...]:
        """The handlers of an event of this type, in the sequence in which they run."""
        found = self.subscriptions.get(event, ())
        handlers = found if isinstance(found, tuple) else (found,)
        return tuple(map(_by_itself, handlers)) if self.follows_rules else handlers

    @property
    def remembered(self) -> frozenset[type[Event]] | None:
        """The types of event whose ids the inbox keeps; None for all that are read."""
        return None if self.batch is not None and self.batched is None else frozenset(self.subscriptions)

    @property
    def listening(self) -> Listening:
        """Which events of its topics it reads."""
        if self.batch is not None and self.batched is None:
            return Listening.to(self.topics, None)
        return Listening.to(self.topics, {*self.subscriptions, *(self.batched or ())})


def _by_itself(handler: Handler) -> Handler:
    """The handler, with the platform as who acts in it."""

    @wraps(handler)
    async def applied(work: Work, event: Event) -> None:
        with work.by_itself():
            await handler(work, event)

    return applied
