"""Builds the documents from the events and from the routes of the services."""

import importlib
import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from shared.bus.topics import PARTITIONS
from shared.contracts import EVENTS, PUBLISHERS, Event
from shared.settings import SERVICES

FOLDER: Final = "contracts"
VERSION: Final = "1.0.0"
DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"

Document = dict[str, Any]

# The attributes that travel as headers in CloudEvents' binary mode (R28).
_HEADERS: Final[Mapping[str, str]] = {
    "ce_specversion": "always 1.0",
    "ce_id": "the event's id, a UUID; readers drop what they have applied",
    "ce_source": "who publishes it: /gongdan/<service>",
    "ce_type": "what happened, with the version of its schema",
    "ce_subject": "what it is about: the order's id for every fact about an order",
    "ce_partitionkey": "the same as ce_subject: facts about one subject keep their order",
    "ce_time": "when it happened, in UTC",
    "ce_dataschema": "which schema the body follows",
    "ce_sequence": "1, 2, 3 ... within source, topic and subject",
    "ce_correlationid": "the request that started it",
    "ce_actor": "the account that acted, channel:<code> of an upstream, or system; of a consequence, who acted in its cause",
    "ce_actorrole": "the roles of the actor, joined by +; system without a person",
    "ce_actorunit": "the unit of the actor, if it has one",
    "content-type": "application/json",
}

_OPTIONAL_HEADERS: Final = frozenset({"ce_correlationid", "ce_actor", "ce_actorrole", "ce_actorunit"})


def documents() -> dict[str, str]:
    """Every document: path below contracts/ -> text."""
    found: dict[str, Document] = {f"events/{name}.json": schema_of(event) for name, event in sorted(EVENTS.items())}
    found["asyncapi.json"] = asyncapi()
    found.update({f"openapi/{service}.json": openapi for service, openapi in _openapis()})
    return {path: _text(document) for path, document in found.items()}


def written_documents(root: Path) -> dict[str, str]:
    """The documents in contracts/, by the same paths."""
    folder = root / FOLDER
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.json"))}


def schema_of(event: type[Event]) -> Document:
    """The JSON Schema of one event's body, as its readers may rely on it.

    The schema for validation: a field with a default is not required, because a reader must do without it.
    """
    publisher = next(name for name, events in PUBLISHERS.items() if event in events)
    return {
        "$schema": DIALECT,
        "$id": f"urn:gongdan:event:{event.type}",
        **event.model_json_schema(mode="validation"),
        "x-topic": event.topic,
        "x-publisher": publisher,
    }


def asyncapi() -> Document:
    """AsyncAPI 3: each topic is a channel, each service's publishing an operation."""
    by_topic = {topic: [event for event in EVENTS.values() if event.topic == topic] for topic in PARTITIONS}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Gongdan 工单",
            "version": VERSION,
            "description": "The events of the order platform of a district 12345 hotline centre. CloudEvents 1.0 in "
            "binary mode: attributes as headers, the fact as JSON. Delivered at least once, in order per subject.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "channels": {
            topic: {
                "address": topic,
                "description": f"{partitions} partition(s), fixed for life; keyed by ce_subject.",
                "messages": {event.type: {"$ref": f"#/components/messages/{event.type}"} for event in by_topic[topic]},
            }
            for topic, partitions in PARTITIONS.items()
        },
        "operations": dict(_operations()),
        "components": {
            "messages": {name: _message(event) for name, event in sorted(EVENTS.items())},
            "schemas": {
                "CloudEventHeaders": {
                    "type": "object",
                    "properties": {name: {"type": "string", "description": text} for name, text in _HEADERS.items()},
                    "required": [name for name in _HEADERS if name not in _OPTIONAL_HEADERS],
                }
            },
        },
    }


def _operations() -> Iterator[tuple[str, Document]]:
    for publisher, events in PUBLISHERS.items():
        for topic in dict.fromkeys(event.topic for event in events):
            yield (
                f"{publisher}.{topic}",
                {
                    "action": "send",
                    "channel": {"$ref": f"#/channels/{topic}"},
                    "summary": f"What {publisher} publishes on {topic}",
                    "messages": [
                        {"$ref": f"#/channels/{topic}/messages/{event.type}"}
                        for event in events
                        if event.topic == topic
                    ],
                },
            )


def _message(event: type[Event]) -> Document:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().split("\n")[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/CloudEventHeaders"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./events/{event.type}.json"},
        },
    }


def _openapis() -> Iterator[tuple[str, Document]]:
    """The OpenAPI of every service that has a service.py."""
    for name in SERVICES:
        if importlib.util.find_spec("services") and _exists(f"services.{name}.service"):
            yield name, openapi_of(name)


def openapi_of(name: str) -> Document:
    """The OpenAPI document of one service, from its application."""
    # Imported here, because the event documents need no web framework.
    from shared.app import build_app  # noqa: PLC0415
    from shared.service import Service  # noqa: PLC0415

    module = importlib.import_module(f"services.{name}.service")
    service = next(value for value in vars(module).values() if isinstance(value, Service) and value.name == name)
    document: Document = build_app(service).openapi()
    return document


def _exists(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
