"""The committed contracts are what the code says, and sound in their own formats."""

import json
import re
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from shared.bus.topics import PARTITIONS
from shared.contracts import EVENTS, PUBLISHERS
from tools.contracts.__main__ import broken_promises, drift, main, write
from tools.contracts.documents import asyncapi, documents, schema_of, written_documents

ROOT: Final = Path(__file__).resolve().parents[2]
OPENAPI: Final = {path: text for path, text in written_documents(ROOT).items() if path.startswith("openapi/")}


def test_the_committed_contracts_are_what_the_code_says() -> None:
    problems = drift(ROOT)

    assert problems == []


def test_every_event_keeps_what_its_readers_were_promised() -> None:
    problems = broken_promises(ROOT)

    assert problems == []


@pytest.mark.parametrize("name", EVENTS)
def test_the_schema_of_an_event_is_a_sound_one(name: str) -> None:
    schema = schema_of(EVENTS[name])

    Draft202012Validator.check_schema(schema)
    assert schema["$id"].endswith(name)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_names_a_topic_that_there_is_and_a_type_with_a_version(name: str) -> None:
    assert EVENTS[name].topic in PARTITIONS
    assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+\.v[1-9]\d*", name)


@pytest.mark.parametrize("name", EVENTS)
def test_an_event_is_frozen_data_that_ignores_what_it_does_not_know(name: str) -> None:
    config = EVENTS[name].model_config

    assert config.get("frozen") is True
    assert config.get("extra") == "ignore"


def test_a_type_has_one_publisher_whose_module_defines_it() -> None:
    seen = [event.type for events in PUBLISHERS.values() for event in events]

    assert sorted(seen) == sorted(set(seen))
    for publisher, events in PUBLISHERS.items():
        assert {event.__module__ for event in events} <= {f"shared.contracts.{publisher}"}


def test_asyncapi_sends_every_event_once_and_points_nowhere_else() -> None:
    document = asyncapi()
    sent = [message["$ref"].rsplit("/", 1)[1] for o in document["operations"].values() for message in o["messages"]]

    assert sorted(sent) == sorted(EVENTS)
    for reference in _references(document):
        if reference.startswith("#/"):
            _follow(document, reference)
        else:
            assert (ROOT / "contracts" / reference).is_file()


@pytest.mark.parametrize("path", OPENAPI)
def test_the_openapi_of_a_service_is_a_sound_one(path: str) -> None:
    OpenAPIV31SpecValidator(json.loads(OPENAPI[path])).validate()


def test_drift_is_found_in_what_is_missing_changed_or_left_over(tmp_path: Path) -> None:
    write(tmp_path)
    assert drift(tmp_path) == []
    folder = tmp_path / "contracts"
    (folder / "asyncapi.json").unlink()
    (folder / "events" / "order.assigned.v1.json").write_text("{}")
    (folder / "events" / "order.forgotten.v1.json").write_text("{}")

    found = drift(tmp_path)

    assert len(found) == 3
    assert main(["--check"], tmp_path) == 1
    assert main([], tmp_path) == 0
    assert drift(tmp_path) == []


def test_the_documents_are_the_same_each_time_they_are_made() -> None:
    assert documents() == documents()


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [reference for value in node.values() for reference in _references(value)]
    return [reference for value in node for reference in _references(value)] if isinstance(node, list) else []


def _follow(document: Any, reference: str) -> None:
    for part in reference.removeprefix("#/").split("/"):
        document = document[part]
