"""How an order's words become columns, and words again: the one place that knows the seals' contexts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from services.intake.model import CALLER, Channel, Flags, UpstreamOrder
from services.intake.rules import details_of, private_of
from services.intake.store.acceptance import NewOrder
from shared.personal.sealing import Sealer


def demand_context(order_id: str) -> str:
    """Where a demand's seal belongs: fixed for all services."""
    return f"order:{order_id}:demand"


def caller_context(order_id: str, column: str) -> str:
    """Where the seal of a caller's column belongs."""
    return f"order:{order_id}:caller:{column}"


def sealed_order(
    channel: Channel,
    order: UpstreamOrder,
    flags: Flags,
    *,
    order_id: str,
    fingerprint: str,
    at: datetime,
    sealer: Sealer,
    webhook_id: str,
    body_hash: bytes,
) -> NewOrder:
    """The order's columns, everything personal sealed for this order id."""
    callers = {
        column: sealer.seal(value, caller_context(order_id, column)) if (value := getattr(order, name)) else None
        for name, column in CALLER.items()
    }
    private = private_of(order)
    return NewOrder(
        order_id=order_id,
        platform=channel.code,
        platform_no=order.upstream_no,
        level=channel.level,
        subject="enterprise" if channel.subject == "enterprise" else order.subject or channel.subject,
        scheme=channel.scheme,
        fingerprint=fingerprint,
        category=order.category,
        street=flags.street,
        urgent=orjson.dumps(flags.urgent).decode(),
        out_of_scope=flags.out_of_scope,
        confidential=order.hidden,
        is_test=order.is_test,
        at=at,
        upstream_due_at=order.due_at,
        demand=sealer.seal(
            orjson.dumps({"title": order.title, "content": order.content}).decode(), demand_context(order_id)
        ),
        details=orjson.dumps(details_of(order)).decode(),
        **callers,
        private=sealer.seal(orjson.dumps(private).decode(), caller_context(order_id, "private")) if private else None,
        phone_print=sealer.fingerprint(order.caller_phone) if order.caller_phone else None,
        webhook_id=webhook_id,
        body_hash=body_hash,
    )


def opened(row: Mapping[str, Any], order_id: str, sealer: Sealer) -> dict[str, Any]:
    """The fields of a stored order by their canonical names, as JSON values, to compare it with a new version."""
    details = row["details"]
    fields: dict[str, Any] = dict(orjson.loads(details) if isinstance(details, str) else details)
    fields |= orjson.loads(sealer.open(row["demand"], demand_context(order_id)))
    fields["category"] = row["category"]
    for name, column in CALLER.items():
        if row[column] is not None:
            fields[name] = sealer.open(row[column], caller_context(order_id, column))
    if row["private"] is not None:
        fields |= orjson.loads(sealer.open(row["private"], caller_context(order_id, "private")))
    return fields


def as_json(order: UpstreamOrder) -> dict[str, Any]:
    """The same fields of an order that has just come in."""
    values: dict[str, Any] = orjson.loads(orjson.dumps(order._asdict()))
    for unstored in ("upstream_no", "is_test"):
        values.pop(unstored)
    return values
