"""What the published schema of a platform's request allows is understood: drawn from the schema, read by the rules.

Moments are set beside now, because no schema can say what lies before it; the fuzz run has them as they are drawn.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.intake.acceptance.schemas import order_of, order_schema
from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS
from services.intake.feedback.rules import spelled
from services.intake.notices.schemas import NOTICES, names_of, notice_of, notice_schema
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
                st.from_regex(schema["pattern"])
                if "pattern" in schema
                else st.text(min_size=low, max_size=min(high, 50))
            )
            return drawn_text.filter(lambda text: low <= len(text) <= high and "\n" not in text[-1:])
        case "integer":
            return st.integers(schema.get("minimum"), schema.get("maximum"))
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
