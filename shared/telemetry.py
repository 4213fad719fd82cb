"""Structured logs without personal data, and the metrics every service has (R45, R49, R51).

One JSON line per business fact, with order id and event type as fields.  No text of a user is ever a message
template, and what looks like a telephone or identity number is removed from every value as a last safeguard.
"""

from __future__ import annotations

import json
import logging
import sys
import time
import traceback
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from shared.personal.numbers import HIDDEN, without_numbers

request_id: ContextVar[str] = ContextVar("request_id", default="")
correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")

_PRIVATE: Final = frozenset(
    {
        "caller", "caller_name", "caller_phone", "phone", "contact", "contact_phone", "contact_person", "name", "id_number",
        "address", "title", "content", "demand", "reply", "findings", "remarks", "opinion", "reason_text", "body", "payload",
        "password", "token", "authorization", "secret",
    }
)  # fmt: skip


_SELDOM_SECONDS: Final = 5.0
_FRAMES: Final = 12
_LONGEST_CHAIN: Final = 5


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return without_numbers(value)
    if isinstance(value, Mapping):
        return {str(k): HIDDEN if str(k) in _PRIVATE else _cleaned(v) for k, v in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_cleaned(item) for item in value]
    # Simple values are written as they are; of an exception only its class, because its text may quote a citizen.
    return value if value is None or isinstance(value, (bool, int, float)) else without_numbers(_written(value))


def _written(value: Any) -> str:
    return type(value).__name__ if isinstance(value, BaseException) else str(value)


def _without_personal_data(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    for key, value in line.items():
        if not key.startswith("_"):  # structlog's own keys, which it removes before the line is written
            line[key] = HIDDEN if key in _PRIVATE else _cleaned(value)
    return line


def _place_of_fault(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """The classes and places of an exception without its text: SQL parameters and refused values are personal data."""
    given = line.pop("exc_info", None)
    fault = given if isinstance(given, BaseException) else given[1] if isinstance(given, tuple) else None
    if given is True:
        fault = sys.exc_info()[1]
    chain: list[str] = []
    while fault is not None and len(chain) < _LONGEST_CHAIN:
        frames = traceback.extract_tb(fault.__traceback__)[-_FRAMES:]
        places = " < ".join(f"{frame.filename}:{frame.lineno} {frame.name}" for frame in reversed(frames))
        chain.append(f"{type(fault).__module__}.{type(fault).__name__} at {places or 'nowhere'}")
        fault = fault.__cause__ or (None if fault.__suppress_context__ else fault.__context__)
    if chain:
        line["exception"] = chain
    return line


def _with_context(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    if request := request_id.get():
        line.setdefault("request_id", request)
    if correlation := correlation_id.get():
        line.setdefault("correlation_id", correlation)
    return line


def _render(_: Any, __: str, line: MutableMapping[str, Any]) -> str:
    try:
        return orjson.dumps(line).decode()
    except TypeError:  # a lone surrogate or an integer beyond 64 bits: the line must be written, and escaped
        return json.dumps(line, ensure_ascii=True)


class Seldom(logging.Filter):
    """Writes each message of aiokafka, identified by its template, at most once in five seconds.

    While the broker is away aiokafka logs that fifty times a second in every process, which fills a disk, hides other
    lines and takes processor time that reconnecting needs.
    """

    def __init__(self) -> None:
        super().__init__()
        self._written_at: dict[tuple[str, int, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether the line is written."""
        if not record.name.startswith("aiokafka"):
            return True
        kind, now = (record.name, record.levelno, str(record.msg)), time.monotonic()
        if now - self._written_at.get(kind, -_SELDOM_SECONDS) < _SELDOM_SECONDS:
            return False
        self._written_at[kind] = now
        return True


def configure_logs(level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send every line, of the platform and of libraries, to `stream` (standard error by default) as JSON."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _place_of_fault,
        _with_context,
        _without_personal_data,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    handler.addFilter(Seldom())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their info lines repeat those of the platform; what an operator needs comes at warning.
    for name in ("uvicorn.access", "httpx", "aiokafka", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    structlog.configure(
        processors=[*chain, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping().get(level, 20)),
        cache_logger_on_first_use=True,
    )


def logger(name: str) -> Any:
    """A bound logger; `log.info("order assigned", order_id=..., event_type=...)`."""
    return structlog.stdlib.get_logger(name)


class Metrics:
    """The metrics of one service, in a registry of its own, so that five services can run in one process."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        prefix = f"gongdan_{service}"
        self.requests = Counter(
            f"{prefix}_http_requests", "answers by route and status", ["route", "status"], registry=self.registry
        )
        self.request_seconds = Histogram(
            f"{prefix}_http_request_seconds", "time to answer", ["route"], registry=self.registry
        )
        self.outbox_waiting = Gauge(f"{prefix}_outbox_waiting_events", "not yet on the bus", registry=self.registry)
        self.outbox_oldest = Gauge(
            f"{prefix}_outbox_oldest_seconds", "age of the oldest of them", registry=self.registry
        )
        self.bus_there = Gauge(f"{prefix}_bus_there", "1 while the event bus answers", registry=self.registry)
        self.published = Counter(f"{prefix}_events_published", "acknowledged by the bus", registry=self.registry)
        self.publish_errors = Counter(f"{prefix}_publish_errors", "failed attempts", registry=self.registry)
        self.consumed = Counter(f"{prefix}_events_consumed", "took effect", ["type"], registry=self.registry)
        self.redelivered = Counter(f"{prefix}_events_redelivered", "skipped: seen before", registry=self.registry)
        self.parked = Gauge(f"{prefix}_events_parked", "waiting for an operator", registry=self.registry)
        self.lag = Gauge(
            f"{prefix}_consumer_lag_events", "not yet read", ["topic", "partition"], registry=self.registry
        )
        self.refused = Counter(f"{prefix}_refusals", "business refusals by code", ["code"], registry=self.registry)
