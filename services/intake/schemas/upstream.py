"""From a platform's JSON to the canonical order: decode, rename by the channel's table, validate once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from operator import itemgetter
from typing import Annotated, Any, Final, Literal, TypeGuard

import orjson
from pydantic import BaseModel, BeforeValidator, Field, StringConstraints, ValidationError

from services.intake.errors import NotUnderstood
from services.intake.model import Channel, Spelling, UpstreamOrder
from services.intake.policy import TITLES, limits
from services.intake.rules import SATISFIED_WORDS, SOLVED_WORDS
from shared.clock import SHANGHAI
from shared.contracts.intake import Subject
from shared.web.fields import Body, Line, SaneMoment, Text
from shared.web.problem import field_fault
from shared.web.titles import title_of

_FLAGS: Final = {"是": True, "否": False, "1": True, "0": False, "Y": True, "N": False}
Flag = Annotated[bool, BeforeValidator(lambda value: _FLAGS.get(value, value) if isinstance(value, str) else value)]
Number = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_\-./#]{1,64}$")]
"""A platform's own number of an order."""
Phone = Annotated[str, StringConstraints(pattern=r"^[0-9+\-() ]{3,32}$", strip_whitespace=True)]


class Attachment(Body):
    """A file that stays with the platform."""

    name: Annotated[Line, Field(title="文件名")]
    url: Annotated[str, StringConstraints(pattern=r"^https?://[\x21-\x7e]{1,1000}$"), Field(title="下载地址")]


class OrderBody(Body):
    """The canonical order, checked."""

    upstream_no: Number
    title: Line
    content: Text
    category: Line
    old_no: Number | None = None
    duplicate_of: Number | None = None
    revision: Line | None = None
    is_test: Flag = False
    way: Line | None = None
    caller_name: Line | None = None
    gender: Line | None = None
    caller_phone: Phone | None = None
    contact_phone: Phone | None = None
    email: Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]+@[\x21-\x7e]+$", max_length=200)] | None = None
    id_type: Line | None = None
    id_number: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z()\-]{4,32}$")] | None = None
    caller_region: Line | None = None
    subject: Subject | None = None
    enterprise_name: Line | None = None
    credit_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z]{15,18}$")] | None = None
    caller_label: Line | None = None
    repeat_caller: Flag | None = None
    confidential: Flag = False
    anonymous: Flag = False
    public: Flag | None = None
    kind: Line | None = None
    original_letter: Text | None = None
    category_code: Line | None = None
    tags: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    urgency: Line | None = None
    against: Line | None = None
    against_phone: Phone | None = None
    attachments: Annotated[tuple[Attachment, ...], Field(max_length=20)] = ()
    recording_id: Line | None = None
    area: Line | None = None
    street: Line | None = None
    community: Line | None = None
    spot: Line | None = None
    address: Line | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    called_at: SaneMoment | None = None
    accepted_at: SaneMoment | None = None
    filed_at: SaneMoment | None = None
    sent_at: SaneMoment | None = None
    due_at: SaneMoment | None = None
    time_limit: Annotated[int, Field(ge=0, le=10_000)] | None = None
    time_unit: Line | None = None
    advice: Text | None = None

    def as_order(self) -> UpstreamOrder:
        """The same as the rules take it."""
        order = UpstreamOrder._make(_IN_ORDER(self.__dict__))
        if self.attachments:
            return order._replace(attachments=tuple(file.model_dump() for file in self.attachments))
        return order


class CancellationBody(Body):
    """The platform takes an order back."""

    upstream_no: Number
    reason: Line
    happened_at: SaneMoment


class UrgeBody(Body):
    """The platform urges an order."""

    upstream_no: Number
    happened_at: SaneMoment
    reason: Line | None = None


class RevisitBody(Body):
    """The platform called the person and tells what came of it."""

    upstream_no: Number
    happened_at: SaneMoment
    connected: Flag
    solved: Literal[SOLVED_WORDS] | None = None  # type: ignore[valid-type]
    satisfied: Literal[SATISFIED_WORDS] | None = None  # type: ignore[valid-type]
    opinion: Text | None = None


class RedoBody(Body):
    """The platform wants the matter handled once more."""

    upstream_no: Number
    reason: Line
    happened_at: SaneMoment


_IN_ORDER: Final = itemgetter(*UpstreamOrder._fields)
Kind = Literal["orders", "cancellations", "urges", "revisits", "redos"]
NOTICES: Final[Mapping[str, type[Body]]] = {
    "cancellations": CancellationBody,
    "urges": UrgeBody,
    "revisits": RevisitBody,
    "redos": RedoBody,
}
_MOMENTS: Final = frozenset({"called_at", "accepted_at", "filed_at", "sent_at", "due_at", "happened_at"})
_PAST: Final = _MOMENTS - {"due_at"}
_STARTS: Final = ("called_at", "accepted_at", "filed_at", "sent_at")


def _local(value: Any) -> Any:
    """`2026-11-23 09:00:00`, of Yantai; one with an offset keeps it."""
    if not isinstance(value, str):
        raise TypeError
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def _iso(value: Any) -> Any:
    if not isinstance(value, str):
        raise TypeError
    return datetime.fromisoformat(value)


def _millis(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return datetime.fromtimestamp(value / 1000, UTC)


_READ: Final[Mapping[Spelling, Callable[[Any], Any]]] = {"local": _local, "iso": _iso, "millis": _millis}
_WRITTEN: Final[Mapping[Spelling, str]] = {
    "local": "时间应写作 2026-11-23 09:00:00",
    "iso": "时间应写作 2026-11-23T09:00:00+08:00",
    "millis": "时间应为 1970 年以来的毫秒数",
}


def decoded(body: bytes) -> dict[str, Any]:
    """The JSON object in the bytes; NotUnderstood when there is none."""
    try:
        raw = orjson.loads(body)
    except ValueError as fault:
        if "infinity" in str(fault):  # sound JSON all the same, and the only word for it that there is
            raise NotUnderstood("undecodable", "请求内容中有过大的数值，请核对后重新发送") from fault
        raise NotUnderstood("undecodable", "请求内容不是有效的 UTF-8 JSON，请核对编码与格式后重新发送") from fault
    if not isinstance(raw, dict):
        raise NotUnderstood("undecodable", "请求内容应为一个 JSON 对象，请核对格式后重新发送")
    return raw


def order_of(channel: Channel, raw: Mapping[str, Any], *, now: datetime) -> UpstreamOrder:
    """The canonical order in a platform's JSON; NotUnderstood names every fault in Chinese and by its path."""
    values = _renamed(channel, channel.order, raw, channel.required)
    _check_past(channel.order, values, now)
    _check_starts(channel.order, values)
    _check_due(channel.order, values, now)
    try:
        return OrderBody.model_validate(values).as_order()
    except ValidationError as fault:
        raise _not_understood(channel.order, fault) from fault


def notice_of(channel: Channel, kind: str, raw: Mapping[str, Any], *, now: datetime) -> Body:
    """A cancellation, urge, revisit result or redo in a platform's JSON; NotUnderstood as for orders."""
    names = names_of(channel, kind)
    values = _renamed(channel, names, raw, ())
    _check_past(names, values, now)
    try:
        return NOTICES[kind].model_validate(values)
    except ValidationError as fault:
        raise _not_understood(names, fault) from fault


def names_of(channel: Channel, kind: str) -> Mapping[str, str]:
    """The channel's field names for one kind of request -> ours."""
    if kind == "orders":
        return channel.order
    known = NOTICES[kind].model_fields
    return {theirs: ours for theirs, ours in channel.notices.items() if ours in known}


def _renamed(
    channel: Channel, names: Mapping[str, str], raw: Mapping[str, Any], required: tuple[str, ...]
) -> dict[str, Any]:
    values: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    read = _READ[channel.spelling]
    for theirs, value in raw.items():
        ours = names.get(theirs)
        if ours is None:
            shown = theirs[:64] if theirs.isprintable() else "?"
            faults.append({"field": shown, "code": "unknown_field", "message": f"{shown}：不认识的字段，请删除"})
        elif value is None or value == "":
            continue  # these platforms send empty fields for unknown ones
        elif ours in _MOMENTS:
            try:
                values[ours] = read(value)
            except (TypeError, ValueError, OverflowError, OSError):
                message = f"{TITLES[ours]}：{_WRITTEN[channel.spelling]}"
                faults.append({"field": theirs, "code": "wrong_moment", "message": message})
                values[ours] = None
        else:
            values[ours] = value
    faults.extend(_fault(names, ours, "missing", "缺少必填项") for ours in required if ours not in values)
    if faults:
        raise _told(faults)
    return values


def _check_past(names: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> None:
    """Nobody called tomorrow: a platform's clock may be a little fast, but an hour is a mistake."""
    latest = now + limits.FAST_CLOCK
    ahead = {
        ours for ours in _PAST if isinstance(moment := values.get(ours), datetime) and moment.tzinfo and moment > latest
    }
    faults = [
        {"field": theirs, "code": "absurd_date", "message": f"{TITLES[ours]}：不能晚于当前时间，请核对"}
        for theirs, ours in (names.items() if ahead else ())
        if ours in ahead
    ]
    if faults:
        raise _told(faults)


def _check_starts(names: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Nothing is accepted, filed or sent on before somebody called."""
    called_at = values.get("called_at")
    if not _is_aware(called_at):
        return
    faults = [
        _fault(names, ours, "before_call", f"不能早于{TITLES['called_at']}，请核对")
        for ours in _STARTS
        if _is_aware(values.get(ours)) and called_at - values[ours] > limits.BEFORE_CALL
    ]
    if faults:
        raise _told(faults)


def _check_due(names: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> None:
    """A deadline lies after what it is counted from: one before the call itself is a slip, and a person looks at it.

    One that was merely over when the order came is no mistake of ours to refuse: it is breached at once (S1.1.1a).
    """
    due = values.get("due_at")
    if not _is_aware(due):
        return
    if due - now > limits.FARTHEST_DEADLINE:
        raise _told([_fault(names, "due_at", "due_too_far", "不能晚于当前时间两年以上，请核对")])
    begun = [(values[ours], ours) for ours in _STARTS if _is_aware(values.get(ours))]
    if begun and due <= min(begun)[0]:
        raise _told([_fault(names, "due_at", "due_before_start", f"不能早于{TITLES[min(begun)[1]]}，请核对")])


def _fault(names: Mapping[str, str], ours: str, code: str, said: str) -> dict[str, str]:
    theirs = next((name for name, canonical in names.items() if canonical == ours), ours)
    return {"field": theirs, "code": code, "message": f"{TITLES[ours]}：{said}"}


def _is_aware(value: Any) -> TypeGuard[datetime]:
    return isinstance(value, datetime) and value.tzinfo is not None


def _not_understood(names: Mapping[str, str], fault: ValidationError) -> NotUnderstood:
    theirs = {ours: name for name, ours in names.items()}
    faults = []
    for error in fault.errors(include_url=False, include_input=False):
        first, *rest = error["loc"]
        shown = title_of(error["loc"], OrderBody.model_fields, TITLES) if first in theirs else str(first)
        faults.append(field_fault(error, (theirs.get(str(first), first), *rest), shown))
    return _told(faults)


def _told(faults: list[dict[str, str]]) -> NotUnderstood:
    said = "；".join(fault["message"] for fault in faults[:5]) + ("……" if len(faults) > 5 else "")  # noqa: PLR2004
    return NotUnderstood("invalid", f"请按提示修改后重新发送：{said}", faults[:50])


# --- The same for the API document ----------------------------------------------------------------------------------


def schema_of(channel: Channel, kind: str) -> dict[str, Any]:
    """The JSON schema of a platform's request, in its own words."""
    model: type[BaseModel] = OrderBody if kind == "orders" else NOTICES[kind]
    ours = model.model_json_schema()
    definitions = ours.get("$defs", {})
    names = names_of(channel, kind)
    needed = set(channel.required) if kind == "orders" else set(ours.get("required", ()))
    properties = {}
    for theirs, name in names.items():
        field = dict(ours["properties"][name]) if name not in _MOMENTS else _moment_schema(channel.spelling)
        field.pop("default", None)
        field["title"] = TITLES[name]
        properties[theirs] = _inlined(field, definitions)
    return {
        "type": "object",
        "title": f"{channel.title} {kind}",
        "properties": properties,
        "required": [theirs for theirs, name in names.items() if name in needed],
        "additionalProperties": False,
    }


def _moment_schema(spelling: Spelling) -> dict[str, Any]:
    if spelling == "millis":
        return {"type": "integer", "minimum": 946684800000, "maximum": 4102444799999}
    if spelling == "local":
        return {
            "type": "string",
            "pattern": r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8]) ([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]$",
        }
    return {
        "type": "string",
        "pattern": r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]\+08:00$",
    }


def _inlined(field: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(field, dict):
        if "$ref" in field:
            return _inlined(definitions[field["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in field.items()}
    if isinstance(field, list):
        return [_inlined(value, definitions) for value in field]
    return field
