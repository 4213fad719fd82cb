"""What the published schema of a platform's request allows is understood: drawn from the schema, read by the rules.

Moments are set beside now, because no schema can say what lies before it; the fuzz run has them as they are drawn.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from services.intake.acceptance.schemas import order_of, order_schema
from services.intake.channels.errors import NotUnderstood
from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS
from services.intake.channels.schemas import unknown_fields
from services.intake.feedback.rules import spelled
from services.intake.notices.schemas import NOTICES, names_of, notice_examples, notice_of, notice_schema
from services.intake.states.schemas import number_of, state_schema
from tests.support.service import MONDAY_0900

LONG: Final = os.environ.get("GONGDAN_FUZZ") == "long"
WHOLE: Final = [
    CHANNELS[code] for code in (CHANNELS if LONG else ("national_portal", "province_enterprise", "city_enterprise"))
]
"""In the short form one channel of each family: the one with the most fields."""
drawn = settings(
    max_examples=500 if LONG else 10,
    derandomize=not LONG,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def drawn_from(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values of a request's schema: objects without further fields, which have their own bounds and tests."""
    if "anyOf" in schema:
        return st.one_of([drawn_from(each) for each in schema["anyOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "object":
            fields = {name: drawn_from(each) for name, each in schema["properties"].items()}
            needed = {name: fields.pop(name) for name in schema["required"]}
            return st.fixed_dictionaries(needed, optional=fields)
        case "array":
            return st.lists(drawn_from(schema["items"]), max_size=min(schema["maxItems"], 3))
        case "string":
            low, high = schema.get("minLength", 0), schema.get("maxLength", 1_000_000)
            drawn_text = (
                st.from_regex(schema["pattern"].removesuffix("$") + r"\Z")  # no line break after the end, as in JSON
                if "pattern" in schema
                else st.text(min_size=low, max_size=min(high, 50))
            )
            return drawn_text.filter(lambda text: low <= len(text) <= high)
        case "integer":
            whole = st.integers(schema.get("minimum"), schema.get("maximum"))
            return st.one_of(whole, whole.map(float).filter(lambda number: abs(number) < 2**53))  # 2.0 is an integer
        case "number":
            return st.floats(schema.get("minimum"), schema.get("maximum"), allow_nan=False)
        case "boolean":
            return st.booleans()
        case "null":
            return st.none()
    raise AssertionError(schema)


def beside_now(channel: Channel, names: Any, value: dict[str, Any]) -> dict[str, Any]:
    """The request with its moments in the past, its deadline tomorrow; empty ones stay empty."""
    called, due = MONDAY_0900 - timedelta(hours=1), MONDAY_0900 + timedelta(days=1)
    moments = {theirs: due if ours == "due_at" else called for theirs, ours in names.items() if ours.endswith("_at")}
    return {
        theirs: spelled(moments[theirs], channel.spelling) if theirs in moments and said not in {"", None} else said
        for theirs, said in value.items()
    }


@pytest.mark.parametrize("channel", WHOLE, ids=lambda channel: channel.code)
def test_every_order_that_the_schema_allows_is_understood(channel: Channel) -> None:
    @drawn
    @given(drawn_from(order_schema(channel)))
    def read(value: dict[str, Any]) -> None:
        order_of(channel, beside_now(channel, channel.order, value), now=MONDAY_0900)

    read()


WRITTEN: Final[tuple[Any, ...]] = (
    *(
        "abc",
        " abc ",
        "abc\n",
        "\n abc",
        "\u3000abc\u3000",
        "\u200b",
        "\ufeff",
        "\u200babc",
        "\u3164",
        "a\nb",
        "a\x00",
        "abc\x85",
    ),
    *("---", "     ", "110", " 110 ", "110\n", "12", "+86 138-0013-8000", "1" * 33, "1-1-1" + "-" * 28),
    *(
        "121.4",
        "-90",
        "90.0",
        "90.1",
        "180",
        "-180.000",
        "181",
        "1e2",
        " 3 ",
        "3",
        "3.0",
        "10000",
        "10001",
        "000003",
        "1" * 16,
    ),
    *(3, 3.0, 2.5, 121.4, -0.0, 10_001, 2**53, float(2**53), -1, True, False, 1, 0, 2, 1.0, 0.0),
    *("true", "TRUE", "yes", "on", "y", "是", "Y\n", None, "", [], {}, ["a"], ["a\n"], ["\u200b"], ["a"] * 21),
    *(
        [{"name": "a", "url": "http://a"}],
        [{"name": "\u200b", "url": "https://b"}],
        [{"name": "a"}],
        [{"name": "a", "url": "ftp://a"}],
    ),
    *("a@b", "a@b\n", "a b@c", "1795395600000", 1795395600000, 1795395600000.0, 1795395600000.5, "enterprise", "市民"),
    *(
        "2026-11-23 08:00:00",
        "2026-11-23T08:00:00+08:00",
        "2026-11-23T08:00:00",
        "2026-11-23 08:00:00\n",
        "x" * 200,
        "x" * 201,
    ),
)
"""Values at the edges of what a platform may write; each is tried in every field."""
_BY_THE_CLOCK: Final = {"absurd_date", "before_call", "due_too_far", "due_before_start"}
"""Faults that no schema can say."""


def differing(schema: dict[str, Any], example: dict[str, Any], read: Callable[[dict[str, Any]], object]) -> list[Any]:
    """(field, value, who takes it) where the schema and the rules do not agree; by the clock both may be right."""
    allowed, found = Draft202012Validator(schema), []
    for theirs in schema["properties"]:
        for value in WRITTEN:
            request = {**example, theirs: value}
            try:
                read(request)
            except NotUnderstood as fault:
                if {each["code"] for each in fault.faults} <= _BY_THE_CLOCK:
                    continue
                understood = False
            else:
                understood = True
            if understood != allowed.is_valid(request):
                found.append((theirs, value, "the rules" if understood else "the schema"))
    return found


@pytest.mark.parametrize("channel", WHOLE, ids=lambda channel: channel.code)
def test_the_schema_of_an_order_allows_what_is_understood_and_nothing_else(channel: Channel) -> None:
    def read(order: dict[str, Any]) -> None:
        order_of(channel, order, now=MONDAY_0900)
        unknown_fields(channel.order, order)

    assert differing(order_schema(channel), dict(channel.example), read) == []


@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("channel", WHOLE, ids=lambda channel: channel.code)
def test_the_schema_of_a_notice_allows_what_is_understood_and_nothing_else(channel: Channel, kind: str) -> None:
    schema = {**notice_schema(channel, kind), "if": True, "then": True, "else": True}
    names = names_of(channel, kind)
    example = beside_now(channel, names, dict(notice_examples(kind)[channel.code]["value"]))

    assert differing(schema, example, lambda value: notice_of(channel, kind, value, now=MONDAY_0900)) == []


@pytest.mark.parametrize("kind", NOTICES)
@pytest.mark.parametrize("channel", WHOLE, ids=lambda channel: channel.code)
def test_every_notice_that_the_schema_allows_is_understood(channel: Channel, kind: str) -> None:
    @drawn
    @given(drawn_from(notice_schema(channel, kind)))
    def read(value: dict[str, Any]) -> None:
        notice_of(channel, kind, beside_now(channel, names_of(channel, kind), value), now=MONDAY_0900)

    read()


@pytest.mark.parametrize("channel", WHOLE, ids=lambda channel: channel.code)
def test_every_question_that_the_schema_allows_is_understood(channel: Channel) -> None:
    @drawn
    @given(drawn_from(state_schema(channel)))
    def read(value: dict[str, Any]) -> None:
        assert number_of(channel, value)

    read()
