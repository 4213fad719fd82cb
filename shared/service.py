"""What a service is: its name, its routes, what it listens to, its jobs; and what it is given when it runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import APIRouter
from sqlalchemy import MetaData

from shared.bus import Bus
from shared.clock import Clock
from shared.contracts import Event
from shared.identity import TokenReader
from shared.inbox import BatchHandler, Consumer, Handler, Listening, ParkedEvents, Prefetch
from shared.outbox import Relay
from shared.settings import ServiceName, Settings
from shared.telemetry import Metrics
from shared.work import Works


@dataclass(slots=True)
class Runtime:
    """What one running service has; routes find it as `request.app.state.runtime`, jobs are given it."""

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
    parts: dict[str, Any] = field(default_factory=dict)
    """What the service's own `prepare` put here for its routes and jobs, by name."""
    bus_there: bool = False
    """Whether the event bus answered when it was last asked."""
    started: bool = False
    closing: bool = False


Job = Callable[[Runtime], Awaitable[None]]
"""Runs until cancelled; when it raises it is started again after a pause."""


@dataclass(frozen=True, slots=True)
class Service:
    """The table of contents of a service: services/<name>/service.py is one of these."""

    name: ServiceName
    title: str
    about: str
    routers: tuple[APIRouter, ...]
    metadata: MetaData
    topics: tuple[str, ...] = ()
    subscriptions: Mapping[type[Event], Handler] = field(default_factory=dict)
    batch: BatchHandler | None = None
    prefetch: Prefetch | None = None
    jobs: tuple[Job, ...] = ()
    prepare: Callable[[Runtime], Awaitable[None]] | None = None
    """Run once after the migrations and before anything listens: read own settings, enter first rows."""

    @property
    def listening(self) -> Listening:
        """What it takes of what is told on its topics."""
        return Listening.to(self.topics, None if self.batch is not None else self.subscriptions)
