"""Every type of event has its sentence in the timeline of its order, for every value that its fields may have."""

from __future__ import annotations

import itertools
import re
import types
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, Literal, Union, get_args, get_origin

import pytest
from pydantic import AwareDatetime

from services.dispatch.timeline.rules import KINDS, OF_NO_ORDER, entries_of, sentence_of
from shared.contracts import EVENTS, Event
from shared.contracts.base import OrderEvent
from shared.contracts.sla import WarnedClock, WarningsDigested
from shared.outbox import Envelope
from shared.outbox.writer import new_id

NOW: Final = datetime(2026, 11, 23, 1, 0, tzinfo=UTC)
_MOMENTS: Final = itertools.count(1)


def values_of(annotation: Any) -> list[Any]:
    """Values that a field of this type may have: each of a Literal, None where it is allowed."""
    origin = get_origin(annotation)
    if origin is Literal:
        return list(get_args(annotation))
    if origin in (Union, types.UnionType):
        return [value for part in get_args(annotation) for value in values_of(part)]
    if origin is tuple:
        return [(), *((value,) for value in values_of(get_args(annotation)[0]))]
    plain: dict[Any, list[Any]] = {
        types.NoneType: [None],
        bool: [True, False],
        int: [3],
        float: [1.0],
        date: [date(2026, 12, 1)],
        AwareDatetime: [NOW + timedelta(hours=next(_MOMENTS))],
        WarnedClock: [
            WarnedClock(
                order_id="o", clock_id="c", kind="final", rung="half", due_at=NOW, late_by_seconds=0, fired_late=False
            )
        ],
    }
    return plain.get(annotation, ["s1.文字"])


def cases_of(kind: type[Event]) -> Iterator[Event]:
    """Events of a type in which each value of each field occurs."""
    values = {name: values_of(field.annotation) for name, field in kind.model_fields.items()}
    if kind is WarningsDigested:
        values["warnings"] = values["warnings"][1:]
    for number in range(max(map(len, values.values()))):
        yield kind.model_validate({name: found[number % len(found)] for name, found in values.items()})


def told(event: Event) -> Envelope:
    return Envelope(
        id=new_id(),
        source="/gongdan/test",
        topic=event.topic,
        subject="s",
        sequence=1,
        time=NOW,
        event=event,
        type=event.type,
        correlation="",
        causation=None,
        actor="somebody",
    )


def test_every_type_of_event_has_its_sentence_or_is_about_no_order() -> None:
    about_orders = {
        event for event in EVENTS.values() if issubclass(event, OrderEvent) or "order_id" in event.model_fields
    }

    assert set(EVENTS.values()) == {*KINDS, *OF_NO_ORDER}
    assert not OF_NO_ORDER & {*KINDS}
    assert not OF_NO_ORDER & about_orders


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_sentence_can_be_made_of_every_value_of_its_event(kind: type[Event]) -> None:
    for event in cases_of(kind):
        for entry in entries_of(told(event)):
            said = sentence_of(entry.kind, entry.facts, entry.unit, {"s1.文字": "区城管局"})
            assert said.endswith("。"), said
            assert said.count("。") == 1, said
            # No code, no moment of a machine and no missing fact.
            assert not re.search(r"None|True|False|[a-z]{3,}|T\d\d:|\+08", said.replace("s1.文字", "")), said


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_an_entry_keeps_fields_that_its_event_has_and_no_words(kind: type[Event]) -> None:
    known = set(WarnedClock.model_fields) | {"warned_at"} if kind is WarningsDigested else set(kind.model_fields)
    sealed = {name for name, field in kind.model_fields.items() if "s1" in str(field)}

    assert set(KINDS[kind].facts) <= known
    assert not set(KINDS[kind].facts) & sealed
    assert KINDS[kind].at in {*kind.model_fields, ""}
    assert KINDS[kind].of_order == ("unit" not in kind.model_fields)


def test_each_code_of_a_kind_is_the_type_of_its_event_without_its_version() -> None:
    strangers = {kind.type: entry.code for kind, entry in KINDS.items() if kind.type.rsplit(".", 1)[0] != entry.code}

    assert strangers == {"clock.warnings_digested.v1": "clock.warned"}
