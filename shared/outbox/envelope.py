"""CloudEvents 1.0 in Kafka's binary mode: attributes as `ce_` headers, the event's content as JSON (R28)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import ValidationError

from shared.bus import Delivery, Message
from shared.contracts import EVENTS, Event

SOURCE: Final = "/gongdan/"
LONGEST_NAME: Final = 200
"""The most characters of a source, a type or a subject: they are in indexes, which have a limit."""
_LARGEST: Final = 2**63
_AHEAD: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An event and its attributes.

    `sequence` counts 1, 2, 3 ... within (source, topic, subject), so a reader sees a repeat or a gap at once.
    """

    id: UUID
    source: str
    topic: str
    subject: str
    sequence: int
    time: datetime
    event: Event | None
    """None when the reader does not handle the type (or it is newer than the reader): counted, and nothing else."""
    type: str
    correlation: str
    causation: str | None
    actor: str
    """The account that acted, `channel:<code>` of an upstream, or system; of a consequence, who acted in its cause.

    Of what the platform decided by itself, although somebody's act was the cause, system.
    """
    actor_role: str = "system"
    actor_unit: str | None = None


class Undecodable(ValueError):
    """The bytes are not one of our events; `reason` is a stable code."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason, self.detail = reason, detail


def headers_of(
    *,
    event_id: UUID,
    source: str,
    event_type: str,
    subject: str,
    sequence: int,
    time: datetime,
    extra: Mapping[str, str],
) -> dict[str, str]:
    """The CloudEvents attributes of one event."""
    return {
        "ce_specversion": "1.0",
        "ce_id": str(event_id),
        "ce_source": source,
        "ce_type": event_type,
        "ce_subject": subject,
        "ce_partitionkey": subject,
        "ce_time": time.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "ce_dataschema": f"urn:gongdan:event:{event_type}",
        "ce_sequence": str(sequence),
        "content-type": "application/json",
        **{f"ce_{name}": value for name, value in extra.items()},
    }


def encode(envelope: Envelope) -> Message:
    """An envelope as a message for the bus."""
    assert envelope.event is not None
    extra = {"correlationid": envelope.correlation, "actor": envelope.actor, "actorrole": envelope.actor_role}
    if envelope.actor_unit:
        extra["actorunit"] = envelope.actor_unit
    if envelope.causation:
        extra["causationid"] = envelope.causation
    return Message(
        topic=envelope.topic,
        key=envelope.subject,
        value=envelope.event.model_dump_json().encode(),
        headers=headers_of(
            event_id=envelope.id,
            source=envelope.source,
            event_type=envelope.type,
            subject=envelope.subject,
            sequence=envelope.sequence,
            time=envelope.time,
            extra=extra,
        ),
    )


def decode(delivery: Delivery, *, now: datetime | None, types: Mapping[str, type[Event]] = EVENTS) -> Envelope:
    """The envelope of a message; Undecodable when it is not a valid event.  Only the content of these types is read.

    An event dated more than five minutes ahead of `now` is refused (None: not checked): a wrong clock must not move
    deadlines (R33).
    """
    try:
        headers = {name: value.decode() for name, value in delivery.headers.items()}
        event_id, sequence = UUID(headers["ce_id"]), int(headers["ce_sequence"])
        time = datetime.fromisoformat(headers["ce_time"])
        source, event_type, subject = headers["ce_source"], headers["ce_type"], headers["ce_subject"]
    except (KeyError, ValueError, UnicodeDecodeError) as fault:
        raise Undecodable("undecodable", f"{type(fault).__name__}: {fault}") from fault
    if headers.get("ce_specversion") != "1.0":
        raise Undecodable("undecodable", "CloudEvents 1.0 expected")
    if time.tzinfo is None or not 1 <= sequence < _LARGEST:
        raise Undecodable("undecodable", "ce_time needs its offset and ce_sequence starts at 1")
    if any(len(name) > LONGEST_NAME or not name for name in (source, event_type, subject)):
        raise Undecodable("undecodable", "source, type and subject have 1 to 200 characters")
    if any("\x00" in value for value in headers.values()):
        raise Undecodable("undecodable", "a header holds the character NUL, which cannot be stored")
    if now is not None and time - now > _AHEAD:
        raise Undecodable("invalid", f"dated {time.isoformat()}, more than five minutes ahead")
    cls = types.get(event_type)
    event: Event | None = None
    if cls is not None:
        try:
            event = cls.model_validate_json(delivery.value or b"")
        except ValidationError as fault:
            # Names of fields and rules only: the values may be personal.
            wrong = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['type']}" for e in fault.errors(include_input=False))
            raise Undecodable("invalid", wrong) from fault
        if event.key != subject or delivery.key != subject:
            raise Undecodable("invalid", "key, subject and content name different things")
    return Envelope(
        id=event_id,
        source=source,
        topic=delivery.topic,
        subject=subject,
        sequence=sequence,
        time=time,
        event=event,
        type=event_type,
        correlation=headers.get("ce_correlationid", ""),
        causation=headers.get("ce_causationid"),
        actor=headers.get("ce_actor", "system"),
        actor_role=headers.get("ce_actorrole", "system"),
        actor_unit=headers.get("ce_actorunit"),
    )
