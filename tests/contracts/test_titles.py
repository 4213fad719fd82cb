"""Every field of a command's body and every parameter has a Chinese name: a refusal calls it by that (R4)."""

import json
import re
from collections.abc import Iterator
from typing import Any, Final

import pytest

from tools.contracts.documents import documents

CHINESE: Final = re.compile("[\u4e00-\u9fff]")
DOCUMENTS: Final[dict[str, dict[str, Any]]] = {
    path: json.loads(text) for path, text in documents().items() if path.startswith("openapi/")
}


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def fields(schema: dict[str, Any], document: dict[str, Any], place: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every property of a body at any depth, with where it stands."""
    if "$ref" in schema:
        found = document["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
        yield from fields(found, document, place)
    for kind in ("anyOf", "oneOf", "allOf"):
        for choice in schema.get(kind, ()):
            yield from fields(choice, document, place)
    if "items" in schema:
        yield from fields(schema["items"], document, place)
    for name, property_ in schema.get("properties", {}).items():
        yield f"{place}.{name}".lstrip("."), property_
        yield from fields(property_, document, f"{place}.{name}")


def nameless(document: dict[str, Any]) -> Iterator[str]:
    for where, operation in operations(document):
        for parameter in operation.get("parameters", ()):
            if not CHINESE.search(parameter["schema"].get("title", "")):
                yield f"{where}: {parameter['in']} {parameter['name']}"
        for content in operation.get("requestBody", {}).get("content", {}).values():
            for place, field in fields(content["schema"], document):
                # The numbers of a rule set are a table of its own, whose refusals name the rule.
                if not CHINESE.search(field.get("title", "")) and not place.startswith("numbers."):
                    yield f"{where}: {place}"


@pytest.mark.parametrize("path", DOCUMENTS)
def test_every_field_that_a_client_sends_has_a_chinese_name(path: str) -> None:
    assert list(nameless(DOCUMENTS[path])) == []


def test_all_services_are_looked_at() -> None:
    assert len(DOCUMENTS) == 5
