"""What the published documents show and what they allow: examples fit their schemas, dates are those of the calendar."""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema_rs import Draft202012Validator

from services.intake.acceptance.schemas import order_of, order_schema
from services.intake.channels.policy import CHANNELS
from shared.web.fields import DAY_PATTERN, LOCAL_MOMENT_PATTERN, MOMENT_PATTERN
from tests.support.service import MONDAY_0900
from tools.contracts.documents import written_documents

ROOT: Final = Path(__file__).resolve().parents[2]
DOCUMENTS: Final = {path: json.loads(text) for path, text in written_documents(ROOT).items()}
A_CENTURY: Final = [date(2000, 1, 1) + timedelta(days=number) for number in range(36_525)]


def examples_in(node: Any, schema: Any = None) -> Iterator[tuple[Any, Any]]:
    """(schema, example) for each example of a schema, a parameter or a media type below `node`."""
    if isinstance(node, list):
        for value in node:
            yield from examples_in(value)
        return
    if not isinstance(node, dict):
        return
    shown = node.get("examples")
    beside = node.get("schema", node)
    if isinstance(shown, list):
        yield from ((beside, example) for example in shown)
    elif isinstance(shown, Mapping) and "schema" in node:
        yield from ((beside, example["value"]) for example in shown.values())
    if "example" in node and "schema" in node:
        yield beside, node["example"]
    for value in node.values():
        yield from examples_in(value)


def objects_in(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        yield node
    for value in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from objects_in(value)


def faults_of(document: Mapping[str, Any], schema: Any, example: Any) -> list[str]:
    whole = {"components": document.get("components", {}), "$defs": document.get("$defs", {}), **schema}
    return [f"{fault.instance_path}: {fault.message}" for fault in Draft202012Validator(whole).iter_errors(example)]


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_example_of_a_document_fits_its_own_schema(path: str) -> None:
    document = DOCUMENTS[path]

    faults = [
        (example, found) for schema, example in examples_in(document) if (found := faults_of(document, schema, example))
    ]

    assert faults == []


def test_the_walk_over_the_examples_finds_those_of_all_seven_channels() -> None:
    shown = [example for _, example in examples_in(DOCUMENTS["openapi/intake.json"]["paths"])]

    for channel in CHANNELS.values():
        assert channel.example in shown


@pytest.mark.parametrize(
    ("pattern", "written"),
    [
        (MOMENT_PATTERN, "{}T23:59:59+08:00"),
        (MOMENT_PATTERN, "{}T00:00:00.123456Z"),
        (LOCAL_MOMENT_PATTERN, "{} 23:59:59"),
        (DAY_PATTERN, "{}"),
        (LOCAL_MOMENT_PATTERN, "{}T08:00:00+08:00"),
    ],
)
def test_a_published_date_may_be_any_day_of_the_century_and_no_other(pattern: str, written: str) -> None:
    days = {day.isoformat() for day in A_CENTURY if pattern != DAY_PATTERN or day.year > 2000}
    candidates = [
        f"{year}-{month:02}-{day:02}" for year in range(1999, 2102) for month in range(14) for day in range(33)
    ]

    allowed = {day for day in candidates if re.search(pattern, written.format(day))}

    assert allowed == days


@pytest.mark.parametrize("path", DOCUMENTS)
def test_no_pattern_of_a_document_ends_at_day_28(path: str) -> None:
    patterns = set(re.findall(r'"pattern": "((?:[^"\\]|\\.)*)"', json.dumps(DOCUMENTS[path])))
    dates = [json.loads(f'"{each}"') for each in patterns if "T(" in each or "[ T]" in each]

    assert [each for each in dates if not re.search(each, "2026-10-31T17:30:00+08:00")] == []


@pytest.mark.parametrize("path", [path for path in DOCUMENTS if path.startswith("openapi/")])
def test_a_pattern_for_names_forbids_every_other_name(path: str) -> None:
    open_ones = [each for each in objects_in(DOCUMENTS[path]) if "patternProperties" in each]

    assert [each for each in open_ones if each.get("additionalProperties") is not False] == []


@pytest.mark.parametrize("code", CHANNELS)
def test_an_empty_field_that_is_not_required_fits_the_schema_and_is_accepted(code: str) -> None:
    channel = CHANNELS[code]
    optional = [theirs for theirs, ours in channel.order.items() if ours not in channel.required]

    for empty in ("", None):
        order = {**dict.fromkeys(optional, empty), **channel.example}
        assert faults_of({}, order_schema(channel), order) == []
        assert order_of(channel, order, now=MONDAY_0900).upstream_no


@pytest.mark.parametrize("code", CHANNELS)
@pytest.mark.parametrize("flag", [True, False, "是", "否", "1", "0", "Y", "N", 1, 0])
def test_yes_and_no_in_every_spelling_of_a_platform_fit_the_schema_and_are_accepted(code: str, flag: Any) -> None:
    channel = CHANNELS[code]
    order = {**channel.example, channel.theirs("confidential"): flag}

    assert faults_of({}, order_schema(channel), order) == []
    assert order_of(channel, order, now=MONDAY_0900).confidential is (flag in {True, "是", "1", "Y"})
