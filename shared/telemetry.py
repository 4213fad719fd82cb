"""Structured logs without personal data, and the metrics every service has (R45, R49, R51).

One JSON line per business fact, with order id and event type as fields.  No text of a user is ever a message
template, and what looks like a phone or an identity number is scrubbed from every value as a last net.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, TextIO

import orjson
import structlog
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

request_id: ContextVar[str] = ContextVar("request_id", default="")
correlation_id: ContextVar[str] = ContextVar("correlation_id", default="")

# Landline and mobile numbers, identity numbers: longest first, so that an 18-digit one is not cut in two.
_NUMBERS: Final = re.compile(r"(?<![0-9A-Za-z-])(?:\d{17}[\dXx]|\d{15}|1\d{10}|0\d{2,3}-?\d{7,8})(?![0-9A-Za-z-])")
_PRIVATE: Final = frozenset(
    {"caller", "caller_name", "caller_phone", "phone", "name", "content", "demand", "reply", "password", "token"}
)


def scrub(text: str) -> str:
    """`text` with everything that looks like a phone or identity number struck out."""
    return _NUMBERS.sub("［已隐去］", text)


def _scrub_values(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    for key, value in line.items():
        if key in _PRIVATE:
            line[key] = "［已隐去］"
        elif isinstance(value, str):
            line[key] = scrub(value)
    return line


def _with_context(_: Any, __: str, line: MutableMapping[str, Any]) -> Mapping[str, Any]:
    if request := request_id.get():
        line.setdefault("request_id", request)
    if correlation := correlation_id.get():
        line.setdefault("correlation_id", correlation)
    return line


def _render(_: Any, __: str, line: MutableMapping[str, Any]) -> str:
    return orjson.dumps(line, default=str).decode()


def configure_logs(level: str = "INFO", *, stream: TextIO | None = None) -> None:
    """Send every line, of ours and of libraries, to `stream` (standard error by default) as JSON."""
    chain: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _with_context,
        _scrub_values,
    ]
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=chain,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _render],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    # Their info lines repeat ours; what matters of them comes at warning.
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
    """The counters of one service, in a registry of its own so that five services fit one process."""

    def __init__(self, service: str) -> None:
        self.registry = CollectorRegistry()
        prefix = f"hotline_{service}"
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
        self.published = Counter(f"{prefix}_events_published", "acknowledged by the bus", registry=self.registry)
        self.publish_errors = Counter(f"{prefix}_publish_errors", "failed attempts", registry=self.registry)
        self.consumed = Counter(f"{prefix}_events_consumed", "took effect", ["type"], registry=self.registry)
        self.redelivered = Counter(f"{prefix}_events_redelivered", "skipped: seen before", registry=self.registry)
        self.parked = Gauge(f"{prefix}_events_parked", "waiting for an operator", registry=self.registry)
        self.lag = Gauge(
            f"{prefix}_consumer_lag_events", "not yet read", ["topic", "partition"], registry=self.registry
        )
        self.refused = Counter(f"{prefix}_refusals", "business refusals by code", ["code"], registry=self.registry)
