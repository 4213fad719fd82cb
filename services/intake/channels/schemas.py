"""From a platform's JSON to our field names: decode, rename by the channel's table, report every fault in Chinese."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, Final, NoReturn, TypeGuard

import orjson
from pydantic import BaseModel, BeforeValidator, StringConstraints, TypeAdapter, ValidationError, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import PydanticKnownError

from services.intake.channels import policy
from services.intake.channels.errors import NotUnderstood
from services.intake.channels.model import TITLES, Channel, Spelling
from shared.calendar import SHANGHAI
from shared.personal.numbers import LONGEST_PHONE, PHONE_FORM
from shared.web.faults import FAULTS
from shared.web.fields import LOCAL_MOMENT_PATTERN, MOMENT_PATTERN, OFFSET_FORM, SPACES, TIME_FORM
from shared.web.form import KeyRepeated, each_once, place_of_repeated, shown
from shared.web.numbers import Revision
from shared.web.problem import field_fault
from shared.web.titles import title_of

FLAGS: Final = {"是": True, "否": False, "1": True, "0": False, "Y": True, "N": False, "true": True, "false": False}


def _flag(value: Any) -> Any:
    if isinstance(value, str):
        if value not in FLAGS:
            raise PydanticKnownError("bool_parsing")
        return FLAGS[value]
    return value


Flag = Annotated[
    bool,
    BeforeValidator(_flag),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "boolean"},
                {"type": "string", "enum": list(FLAGS)},
                {"type": "integer", "minimum": 0, "maximum": 1},
            ]
        }
    ),
]
"""Yes or no in any of the platforms' spellings."""
NUMBER_FORM: Final = r"^[0-9A-Za-z_\-./#]{1,64}$"
Number = Annotated[str, StringConstraints(pattern=NUMBER_FORM)]
"""A platform's own number of an order."""
PHONE_PATTERN: Final = f"^[{SPACES}]*{PHONE_FORM.strip('^$')}[{SPACES}]*$"
Phone = Annotated[
    str,
    StringConstraints(pattern=PHONE_FORM, max_length=LONGEST_PHONE, strip_whitespace=True),
    WithJsonSchema({"type": "string", "maxLength": LONGEST_PHONE, "pattern": PHONE_PATTERN}),
]

_MOMENTS: Final = frozenset({"called_at", "accepted_at", "filed_at", "sent_at", "due_at", "happened_at"})
_PAST: Final = _MOMENTS - {"due_at"}


# As it is published, the year apart, which has a fault of its own; Python reads several other forms of ISO 8601.
_SHAPE: Final = re.compile(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[ T]{TIME_FORM}{OFFSET_FORM}?")


def _local(value: Any) -> Any:
    """`2026-11-23 09:00:00` in local time; a moment with an offset keeps it."""
    if not isinstance(value, str) or not _SHAPE.fullmatch(value):
        raise TypeError
    moment = datetime.fromisoformat(value)
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=SHANGHAI)


def _iso(value: Any) -> Any:
    if not isinstance(value, str) or not _SHAPE.fullmatch(value) or value[10] != "T":
        raise TypeError
    return datetime.fromisoformat(value)


def _millis(value: Any) -> Any:
    # JSON has one kind of number: 1795395600000.0 is an integer.
    if isinstance(value, bool) or not (isinstance(value, int) or (isinstance(value, float) and value.is_integer())):
        raise TypeError
    return datetime.fromtimestamp(value / 1000, UTC)


_READ: Final[Mapping[Spelling, Callable[[Any], Any]]] = {"local": _local, "iso": _iso, "millis": _millis}
_WRITTEN: Final[Mapping[Spelling, str]] = {
    "local": "时间应写作 2026-11-23 09:00:00",
    "iso": "时间应写作 2026-11-23T09:00:00+08:00",
    "millis": "时间应为 1970 年以来的毫秒数",
}
_ZONES: Final[Mapping[Spelling, str]] = {
    "local": "北京时间（UTC+8），如 2026-11-23 09:00:00；写明时区的按所写时区",
    "iso": "须写明时区，如 2026-11-23T09:00:00+08:00",
    "millis": "1970-01-01T00:00:00Z 以来的毫秒数，与时区无关",
}
_EMPTY: Final = (None, "")
"""What these platforms send for what they do not know."""
# No control characters, and none that are invisible or turn the direction of writing.
_IN_NAME: Final = (
    r"^[^\x00-\x1f\x7f-\x9f\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufffe\uffff]"
    f"{{1,{policy.UNKNOWN_NAME}}}$"
)
_UNKNOWN_NAME: Final = re.compile(_IN_NAME.strip("^$"))
NAMED: Final[Mapping[str, Any]] = {"pattern": _IN_NAME}
"""The JSON schema for the names of fields, also for those that we do not know."""
ABOUT_UNKNOWN: Final = (
    "仅在有不认识的字段时出现：这些字段的名称。其内容已保存，不作为工单的任何字段采用；字段名写错的也在其中"
)
"""What the API document says of the names of unknown fields in an answer."""
_OF_ATTACHMENTS: Final = frozenset({"name", "url"})
_NULL: Final[Mapping[str, str]] = {"type": "null"}
_KINDS: Final[Mapping[str, tuple[str, str]]] = {
    "orders": ("Order", "工单"),
    "cancellations": ("Cancellation", "撤单"),
    "urges": ("Urge", "催办"),
    "revisits": ("Revisit", "回访结果"),
    "redos": ("Redo", "重办要求"),
    "states": ("StateQuestion", "进展查询"),
}
"""Of each kind of request: the last word of its schema's name, and its Chinese name."""


def decoded(body: bytes) -> dict[str, Any]:
    """The JSON object in the bytes, each key of it once at every depth; NotUnderstood when there is none."""
    try:
        raw = orjson.loads(body)
    except ValueError as fault:
        raise _undecodable(body, fault) from fault
    if not isinstance(raw, dict):
        raise NotUnderstood("undecodable", "请求内容应为一个 JSON 对象，请核对格式后重新发送")
    try:
        if not _shows_every_key(body, raw):
            # orjson keeps the last of two values and says nothing; the standard library shows every pair.
            json.loads(body, object_pairs_hook=each_once)
    except KeyRepeated as fault:
        raise _repeated(body) from fault
    except RecursionError as fault:
        raise _too_deep() from fault
    return raw


def _shows_every_key(body: bytes, raw: dict[str, Any]) -> bool:
    """Whether `raw` has every key that is in the bytes; False also where the count of quotes cannot tell.

    Each key and each text has two quotes.  A lost key has two more, and a quote within a text is one more.
    """
    return body.count(b'"') == 2 * _texts_in(raw)


def _texts_in(value: Any) -> int:
    """How many keys and texts there are in a JSON value."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(_texts_in, value.values()))
    return sum(map(_texts_in, value)) if isinstance(value, list) else 0


_NUMBER: Final = TypeAdapter[str](Number)
_REVISION: Final = TypeAdapter[int](Revision)


def number_in(channel: Channel, body: bytes) -> tuple[str, int | None] | None:
    """The platform's number of the order in a request that could not be understood, and the number of its revision.

    None where the order's number cannot be read; a revision is None where that of it cannot, or the platform numbers none.
    """
    try:
        raw = decoded(body)
        said = raw.get(channel.theirs("upstream_no"))
        number = _NUMBER.validate_python(str(said) if type(said) is int else said)
    except (NotUnderstood, ValidationError):
        return None
    if not channel.numbers_revisions:  # a field of that name would be one that we do not know
        return number, None
    try:
        return number, _REVISION.validate_python(raw.get(channel.theirs("revision")))
    except ValidationError:
        return number, None


def number_key(platform: str, number: str) -> str:
    """What the keyed hash of an order's number is made of: numbers of two platforms may be alike."""
    return f"{platform}:{number}"


def _repeated(body: bytes) -> NotUnderstood:
    place = ".".join(map(str, place_of_repeated(body)))
    said = f"{place}：{FAULTS['repeated_field'].words}"
    fault = {"field": place, "code": "repeated_field", "message": said}
    return NotUnderstood("repeated_field", f"请按提示修改后重新发送：{said}", [fault])


def _too_deep() -> NotUnderstood:
    return NotUnderstood("undecodable", "请求内容嵌套过深，请核对后重新发送")


def _undecodable(body: bytes, fault: ValueError) -> NotUnderstood:
    if "infinity" in str(fault):  # valid JSON, and only the message tells this fault from others
        return NotUnderstood("undecodable", "请求内容中有过大的数值，请核对后重新发送")
    try:
        json.loads(body, parse_constant=_not_finite)
    except NotUnderstood as found:
        return found
    except (ValueError, RecursionError):
        pass
    return NotUnderstood("undecodable", "请求内容不是有效的 UTF-8 JSON，请核对编码与格式后重新发送")


def _not_finite(word: str) -> NoReturn:
    """Many libraries write NaN and Infinity for numbers that are none; JSON has no such words."""
    raise NotUnderstood("not_finite", f"请求内容中有不是数值的 {word}，请改为数值或去掉该字段后重新发送")


def renamed(
    channel: Channel, names: Mapping[str, str], raw: Mapping[str, Any], required: tuple[str, ...]
) -> dict[str, Any]:
    """The values by our field names; NotUnderstood for missing fields and moments that cannot be read.

    Fields that we do not know are left out: see `unknown_fields`.
    """
    values: dict[str, Any] = {}
    faults: list[dict[str, str]] = []
    read = _READ[channel.spelling]
    for theirs, value in raw.items():
        ours = names.get(theirs)
        if ours is None:
            continue
        if value in _EMPTY:
            continue
        if ours in _MOMENTS:
            try:
                values[ours] = read(value)
            except (TypeError, ValueError, OverflowError, OSError):
                message = f"{TITLES[ours]}：{_WRITTEN[channel.spelling]}"
                faults.append({"field": theirs, "code": "wrong_moment", "message": message})
                values[ours] = None
        else:
            values[ours] = value
    faults.extend(fault_of(names, ours, "missing", "缺少必填项") for ours in required if ours not in values)
    if faults:
        raise refusal(faults)
    return values


def unknown_fields(names: Mapping[str, str], raw: Mapping[str, Any]) -> dict[str, str]:
    """What a platform sends that we have no field for, as text under its own name: kept, shown, and stopping nothing.

    Fields of an attachment are named by their path.  NotUnderstood beyond the bounds of `policy`, and for a name that
    nobody could read.
    """
    found = {_named(theirs): value for theirs, value in raw.items() if theirs not in names and value not in _EMPTY}
    for theirs, ours in names.items():
        if ours == "attachments" and isinstance(raw.get(theirs), list):
            found |= _beside_attachments(theirs, raw[theirs])
    if not found:
        return found
    try:
        found = {
            name: value if isinstance(value, str) else orjson.dumps(value).decode() for name, value in found.items()
        }
    except orjson.JSONEncodeError as fault:  # it reads deeper levels than it writes
        raise _too_deep() from fault
    if len(found) > policy.UNKNOWN_FIELDS:
        raise _unknown("too_many_unknown_fields", "", f"不认识的字段超过 {policy.UNKNOWN_FIELDS} 个，请核对格式")
    if sum(len(name.encode()) + len(value.encode()) for name, value in found.items()) > policy.UNKNOWN_BYTES:
        raise _unknown(
            "unknown_fields_too_large", "", f"不认识的字段合计超过 {policy.UNKNOWN_BYTES // 1024} KB，请核对格式"
        )
    return found


def _named(name: str) -> str:
    if not _UNKNOWN_NAME.fullmatch(name):
        raise _unknown("bad_field_name", shown(name), f"字段名应为 1 至 {policy.UNKNOWN_NAME} 个可见字符")
    return name


def _beside_attachments(theirs: str, listed: list[Any]) -> dict[str, Any]:
    return {
        f"{theirs}.{number}.{_named(name)}": value
        for number, item in enumerate(listed)
        if isinstance(item, dict)
        for name, value in item.items()
        if name not in _OF_ATTACHMENTS and value not in _EMPTY
    }


def _unknown(code: str, field: str, said: str) -> NotUnderstood:
    return refusal([{"field": field, "code": code, "message": said}])


def check_past(names: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> None:
    """Refuse a past moment that is dated in the future, beyond what a fast clock explains."""
    latest = now + policy.FAST_CLOCK
    ahead = {
        ours for ours in _PAST if isinstance(moment := values.get(ours), datetime) and moment.tzinfo and moment > latest
    }
    faults = [
        {"field": theirs, "code": "absurd_date", "message": f"{TITLES[ours]}：不能晚于当前时间，请核对"}
        for theirs, ours in (names.items() if ahead else ())
        if ours in ahead
    ]
    if faults:
        raise refusal(faults)


def fault_of(names: Mapping[str, str], ours: str, code: str, said: str) -> dict[str, str]:
    """One fault of a field, by the platform's own name for it."""
    theirs = next((name for name, canonical in names.items() if canonical == ours), ours)
    return {"field": theirs, "code": code, "message": f"{TITLES[ours]}：{said}"}


def is_aware(value: Any) -> TypeGuard[datetime]:
    """Whether it is a moment with its offset."""
    return isinstance(value, datetime) and value.tzinfo is not None


def not_understood(names: Mapping[str, str], fault: ValidationError, fields: Mapping[str, FieldInfo]) -> NotUnderstood:
    """The error for what pydantic found, each fault by the platform's own field name."""
    theirs = {ours: name for name, ours in names.items()}
    faults = []
    for error in fault.errors(include_url=False, include_input=False):
        first, *rest = error["loc"]
        shown = title_of(error["loc"], fields, TITLES) if first in theirs else str(first)
        faults.append(field_fault(error, (theirs.get(str(first), first), *rest), shown))
    return refusal(faults)


def refusal(faults: list[dict[str, str]]) -> NotUnderstood:
    """The error that names all these faults."""
    said = "；".join(fault["message"] for fault in faults[:5]) + ("……" if len(faults) > 5 else "")  # noqa: PLR2004
    return NotUnderstood("invalid", f"请按提示修改后重新发送：{said}", faults[:50])


def schema_name(channel: Channel, kind: str) -> str:
    """The name of a platform's request in the API document: `City12345Order`; a generated client has it as a type."""
    return f"{pascal(channel.code)}{_KINDS[kind][0]}"


def pascal(code: str) -> str:
    """`city_12345` as `City12345`."""
    return "".join(part.capitalize() for part in code.split("_"))


def schema_of(
    channel: Channel, kind: str, model: type[BaseModel], *, names: Mapping[str, str], required: set[str]
) -> dict[str, Any]:
    """The JSON schema of a platform's request for the API document, in the platform's field names.

    A field that is not required may also be empty (`""` or null), as `renamed` takes it.
    """
    ours = model.model_json_schema()
    definitions = ours.get("$defs", {})
    properties = {}
    for theirs, name in names.items():
        field = dict(ours["properties"][name]) if name not in _MOMENTS else _moment_schema(channel.spelling)
        field.pop("default", None)
        field = _inlined(field, definitions)
        if name not in required:
            field = {"anyOf": [*_variants(field), {"type": "string", "maxLength": 0}]}
        elif "anyOf" in field:
            field = _either([each for each in field["anyOf"] if each != _NULL])
        if name in _MOMENTS:
            field["description"] = _ZONES[channel.spelling]
        field["title"] = TITLES[name]
        properties[theirs] = field
    return {
        "type": "object",
        "description": f"{channel.title}（{channel.code}）：{_KINDS[kind][1]}",
        "properties": properties,
        "required": [theirs for theirs, name in names.items() if name in required],
        # Fields that we do not know are kept and shown, not refused.
        "additionalProperties": True,
        "propertyNames": NAMED,
        "maxProperties": len(names) + policy.UNKNOWN_FIELDS,
    }


def _variants(field: dict[str, Any]) -> list[dict[str, Any]]:
    """What a field that may be left out can be, null among it."""
    known = field.get("anyOf") or [{name: value for name, value in field.items() if name != "title"}]
    return [*known, *([] if _NULL in known else [dict(_NULL)])]


def _either(variants: list[dict[str, Any]]) -> dict[str, Any]:
    return dict(variants[0]) if len(variants) == 1 else {"anyOf": variants}


def _moment_schema(spelling: Spelling) -> dict[str, Any]:
    if spelling == "millis":
        return {"type": "integer", "minimum": 946684800000, "maximum": 4102444799999}
    return {"type": "string", "pattern": LOCAL_MOMENT_PATTERN if spelling == "local" else MOMENT_PATTERN}


def _inlined(field: Any, definitions: Mapping[str, Any]) -> Any:
    if isinstance(field, dict):
        if "$ref" in field:
            return _inlined(definitions[field["$ref"].rsplit("/", 1)[-1]], definitions)
        return {key: _inlined(value, definitions) for key, value in field.items()}
    if isinstance(field, list):
        return [_inlined(value, definitions) for value in field]
    return field
