"""What an event may change, and every change that takes something from its readers."""

import copy
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import pytest

from tools.contracts.compatibility import breaks, breaks_of_schema, promised

Schema = dict[str, Any]

BEFORE: Final[Schema] = {
    "$id": "urn:gongdan:event:order.tried.v1",
    "x-topic": "orders",
    "x-publisher": "dispatch",
    "title": "OrderTried",
    "description": "A fact.",
    "type": "object",
    "properties": {
        "order_id": {"type": "string", "title": "Order Id"},
        "round": {"type": "integer"},
        "outcome": {"enum": ["reached", "refused"], "type": "string"},
        "tried_at": {"type": "string", "format": "date-time"},
        "note": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
        "place": {"$ref": "#/$defs/Place"},
        "files": {"type": "array", "items": {"$ref": "#/$defs/File"}},
    },
    "required": ["order_id", "round", "outcome", "tried_at", "place", "files"],
    "$defs": {
        "Place": {"type": "object", "properties": {"street": {"type": "string"}}, "required": ["street"]},
        "File": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
    },
}


def removed(schema: Schema) -> None:
    del schema["properties"]["round"]
    schema["required"].remove("round")


def renamed(schema: Schema) -> None:
    schema["properties"]["turn"] = schema["properties"].pop("round")
    schema["required"][1] = "turn"


def retyped(schema: Schema) -> None:
    schema["properties"]["round"]["type"] = "string"


def reformatted(schema: Schema) -> None:
    schema["properties"]["tried_at"]["format"] = "date"


def newly_required(schema: Schema) -> None:
    schema["required"].append("note")


def new_and_required(schema: Schema) -> None:
    schema["properties"]["unit"] = {"type": "string"}
    schema["required"].append("unit")


def no_longer_promised(schema: Schema) -> None:
    schema["required"].remove("round")


def one_more_word(schema: Schema) -> None:
    schema["properties"]["outcome"]["enum"].append("moved")


def one_word_less(schema: Schema) -> None:
    schema["properties"]["outcome"]["enum"].remove("refused")


def null_no_more(schema: Schema) -> None:
    schema["properties"]["note"] = {"type": "string"}


def inner_field_removed(schema: Schema) -> None:
    schema["$defs"]["Place"] = {"type": "object", "properties": {}}


def inner_field_retyped(schema: Schema) -> None:
    schema["$defs"]["File"]["properties"]["name"]["type"] = "integer"


def another_topic(schema: Schema) -> None:
    schema["x-topic"] = "directory"


def another_publisher(schema: Schema) -> None:
    schema["x-publisher"] = "intake"


def one_more_field(schema: Schema) -> None:
    schema["properties"]["unit"] = {"type": "string", "default": ""}


def one_more_inner_field(schema: Schema) -> None:
    schema["$defs"]["File"]["properties"]["size"] = {"type": "integer", "default": 0}


def other_prose(schema: Schema) -> None:
    schema["description"] = "The same fact, better said."
    schema["properties"]["order_id"]["title"] = "Order"


def another_name_of_the_definition(schema: Schema) -> None:
    schema["$defs"]["Where"] = schema["$defs"].pop("Place")
    schema["properties"]["place"]["$ref"] = "#/$defs/Where"


BREAKS: Final[tuple[Callable[[Schema], None], ...]] = (
    removed, renamed, retyped, reformatted, newly_required, new_and_required, no_longer_promised, one_more_word,
    one_word_less, null_no_more, inner_field_removed, inner_field_retyped, another_topic, another_publisher,
)  # fmt: skip
KEEPS: Final = (one_more_field, one_more_inner_field, other_prose, another_name_of_the_definition)


def after(change: Callable[[Schema], None]) -> Schema:
    schema = copy.deepcopy(BEFORE)
    change(schema)
    return schema


def committed(schema: Schema) -> dict[str, str]:
    return {"events/order.tried.v1.json": json.dumps(schema)}


@pytest.mark.parametrize("change", BREAKS)
def test_what_takes_something_from_readers_is_refused(change: Callable[[Schema], None]) -> None:
    assert breaks(committed(BEFORE), committed(after(change))) != []


@pytest.mark.parametrize("change", KEEPS)
def test_what_only_adds_is_free(change: Callable[[Schema], None]) -> None:
    assert breaks(committed(BEFORE), committed(after(change))) == []


def test_an_event_that_is_gone_is_refused_and_a_new_one_is_free() -> None:
    assert breaks(committed(BEFORE), {}) != []
    assert breaks({}, committed(BEFORE)) == []


def test_the_fault_names_the_field() -> None:
    assert breaks_of_schema(BEFORE, after(inner_field_retyped)) == ["files[].name changed its type"]


def git(root: Path, *arguments: str) -> None:
    person = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    subprocess.run(["git", *person, *arguments], cwd=root, check=True, timeout=60)


def write_event(root: Path, schema: Schema, message: str) -> None:
    path = root / "contracts" / "events" / "order.tried.v1.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(schema))
    git(root, "add", ".")
    git(root, "commit", "-q", "-m", message)


def test_nothing_is_promised_before_the_first_tag(tmp_path: Path) -> None:
    without_git = promised(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    without_commit = promised(tmp_path)
    write_event(tmp_path, BEFORE, "first")

    assert (without_git, without_commit, promised(tmp_path)) == (None, None, None)


def test_promises_are_read_from_the_newest_tag(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    write_event(tmp_path, after(renamed), "first")
    git(tmp_path, "tag", "v1.0.0")
    write_event(tmp_path, BEFORE, "second")
    git(tmp_path, "tag", "-a", "v1.1.0", "-m", "release")
    write_event(tmp_path, after(retyped), "third")

    release = promised(tmp_path)

    assert release is not None
    assert release[0] == "v1.1.0"
    assert json.loads(release[1]["events/order.tried.v1.json"]) == BEFORE


def test_a_release_without_events_promises_none(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
    git(tmp_path, "tag", "v0.1.0")

    assert promised(tmp_path) == ("v0.1.0", {})
