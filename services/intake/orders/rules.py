"""Which fields of an order are stored together, and what a new version changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from services.intake.channels.model import UpstreamOrder
from services.intake.orders.model import DETAIL_FIELDS, FIELDS, PRIVATE_FIELDS


def details_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that name nobody, without the empty ones."""
    return _filled(order, DETAIL_FIELDS)


def private_of(order: UpstreamOrder) -> dict[str, Any]:
    """The fields that may name a person and have no column of their own, without the empty ones."""
    return _filled(order, PRIVATE_FIELDS)


def _filled(order: UpstreamOrder, names: Iterable[str]) -> dict[str, Any]:
    return {
        name: value
        for name in names
        if (value := getattr(order, name)) is not None and value is not False and value != ()
    }


def changed_fields(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    """The names of the fields whose content differs, in the order of the model (S1.1.4c)."""
    return tuple(name for name in FIELDS if (before.get(name) or None) != (after.get(name) or None))
