"""The notices of a platform, as it sends them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

from pydantic import BaseModel, Field, ValidationError

from services.intake.channels.model import Channel
from services.intake.channels.policy import CHANNELS, UNKNOWN_FIELDS
from services.intake.channels.schemas import (
    ABOUT_UNKNOWN,
    FLAGS,
    Flag,
    Number,
    check_past,
    not_understood,
    renamed,
    schema_name,
    schema_of,
    unknown_fields,
)
from services.intake.feedback.rules import spelled
from services.intake.notices.model import Cancellation, Notice, Redo, RevisitCall, Satisfied, Solved, Urge
from services.intake.notices.policy import NOT_REACHED, SATISFIED, SATISFIED_WORDS, SOLVED, SOLVED_WORDS
from shared.calendar import SHANGHAI
from shared.web.fields import Body, Line, SaneMoment, Text


class NoticeView(BaseModel):
    """The answer to a cancellation, urge, revisit result or redo."""

    order_id: str
    unknown_fields: list[str] = Field(default_factory=list, max_length=UNKNOWN_FIELDS, description=ABOUT_UNKNOWN)


class RevisitView(BaseModel):
    """One call of the platform to the person (A31, A32)."""

    revisit: int = Field(description="第几次回访")
    redos: int = Field(description="所针对的答复属于第几次重办，0 为首次办理")
    revisited_at: datetime = Field(description="回访时间")
    valid: bool = Field(description="是否联系上来电人")
    solved: Solved | None
    satisfied: Satisfied | None
    opinion: str | None = Field(description="来电人的意见；无权查看的为空")


class CancellationBody(Body):
    """The platform takes an order back."""

    upstream_no: Number
    reason: Line
    happened_at: SaneMoment

    def as_notice(self) -> Cancellation:
        """The same for the handler."""
        return Cancellation(self.upstream_no, self.happened_at, reason=self.reason)


class UrgeBody(Body):
    """The platform urges an order."""

    upstream_no: Number
    happened_at: SaneMoment
    reason: Line | None = None

    def as_notice(self) -> Urge:
        """The same for the handler."""
        return Urge(self.upstream_no, self.happened_at, reason=self.reason)


class RevisitBody(Body):
    """The platform called the person and reports the result."""

    upstream_no: Number
    happened_at: SaneMoment
    connected: Flag
    solved: Literal[SOLVED_WORDS] | None = None  # type: ignore[valid-type]
    satisfied: Literal[SATISFIED_WORDS] | None = None  # type: ignore[valid-type]
    opinion: Text | None = None

    def as_notice(self) -> RevisitCall:
        """The same for the handler."""
        return RevisitCall(
            self.upstream_no,
            self.happened_at,
            connected=self.connected,
            solved=self.solved,
            satisfied=self.satisfied,
            opinion=self.opinion,
        )


class RedoBody(Body):
    """The platform wants the matter handled once more."""

    upstream_no: Number
    reason: Line
    happened_at: SaneMoment

    def as_notice(self) -> Redo:
        """The same for the handler."""
        return Redo(self.upstream_no, self.happened_at, reason=self.reason)


NoticeBody = CancellationBody | UrgeBody | RevisitBody | RedoBody
NOTICES: Final[Mapping[str, type[NoticeBody]]] = {
    "cancellations": CancellationBody,
    "urges": UrgeBody,
    "revisits": RevisitBody,
    "redos": RedoBody,
}


def notice_of(channel: Channel, kind: str, raw: Mapping[str, Any], *, now: datetime) -> Notice:
    """A cancellation, urge, revisit result or redo in a platform's JSON; NotUnderstood as for orders."""
    names, body = names_of(channel, kind), NOTICES[kind]
    values = renamed(channel, names, raw, ())
    check_past(names, values, now)
    try:
        return body.model_validate(values).as_notice()
    except ValidationError as fault:
        raise not_understood(names, fault, body.model_fields) from fault


def unknown_of(channel: Channel, kind: str, raw: Mapping[str, Any]) -> dict[str, str]:
    """The fields of such a notice that we do not know; NotUnderstood beyond the bounds."""
    return unknown_fields(names_of(channel, kind), raw)


def names_of(channel: Channel, kind: str) -> Mapping[str, str]:
    """The channel's field names for this kind of notice -> ours."""
    known = NOTICES[kind].model_fields
    return {theirs: ours for theirs, ours in channel.notices.items() if ours in known}


_HAPPENED: Final[Mapping[str, datetime]] = {
    "urges": datetime(2026, 11, 23, 14, 30, tzinfo=SHANGHAI),
    "cancellations": datetime(2026, 11, 23, 15, 0, tzinfo=SHANGHAI),
    "revisits": datetime(2026, 11, 25, 10, 5, tzinfo=SHANGHAI),
    "redos": datetime(2026, 11, 25, 11, 20, tzinfo=SHANGHAI),
}
_EXAMPLES: Final[Mapping[str, Mapping[str, tuple[str, Mapping[str, Any]]]]] = {
    "cancellations": {"": ("", {"reason": "来电人已撤回诉求"})},
    "urges": {"": ("", {"reason": "来电人再次来电询问进度"})},
    "revisits": {
        "": ("：解决、满意", {"connected": True, "solved": "解决", "satisfied": "满意", "opinion": "问题已解决。"}),
        "_unsatisfied": (
            "：未解决、不满意",
            {"connected": True, "solved": "未解决", "satisfied": "不满意", "opinion": "现场没有变化，要求重新办理。"},
        ),
        "_not_reached": ("：未接通", {"connected": False}),
    },
    "redos": {"": ("", {"reason": "来电人反映问题仍未解决，请重新办理"})},
}
"""By kind: the end of the example's name, the end of its title, and what it says in our field names."""


def notice_examples(kind: str) -> dict[str, Any]:
    """The examples of a kind of notice for the API document, of each channel, for the order that is its example."""
    shown = {}
    for channel in CHANNELS.values():
        for name, (summary, said) in _EXAMPLES[kind].items():
            values = {
                "upstream_no": channel.example[channel.theirs("upstream_no")],
                "happened_at": spelled(_HAPPENED[kind], channel.spelling),
                **said,
            }
            if "connected" in values and channel.spelling != "iso":
                values["connected"] = "1" if values["connected"] else "0"
            value = {theirs: values[ours] for theirs, ours in names_of(channel, kind).items() if ours in values}
            shown[f"{channel.code}{name}"] = {"summary": f"{channel.title}{summary}", "value": value}
    return shown


def notice_schema(channel: Channel, kind: str) -> dict[str, Any]:
    """The JSON schema of a platform's notice for the API document."""
    body = NOTICES[kind]
    required = {name for name, field in body.model_fields.items() if field.is_required()}
    names = names_of(channel, kind)
    schema = schema_of(channel, kind, body, names=names, required=required)
    return schema if kind != "revisits" else {**schema, **_without_contradiction(names)}


def notice_schemas() -> dict[str, Any]:
    """Those of every channel and kind, by their names in the API document."""
    return {
        schema_name(channel, kind): notice_schema(channel, kind) for kind in NOTICES for channel in CHANNELS.values()
    }


def _without_contradiction(names: Mapping[str, str]) -> dict[str, Any]:
    """Reached, the person gave both answers; not reached, at most the word for that stands in their place (A32)."""
    theirs = {ours: name for name, ours in names.items()}
    connected, solved, satisfied = theirs["connected"], theirs["solved"], theirs["satisfied"]
    nothing = [*NOT_REACHED, "", None]
    return {
        "if": {"properties": {connected: {"enum": [True, 1, *(word for word, yes in FLAGS.items() if yes)]}}},
        "then": {
            "properties": {solved: {"enum": list(SOLVED)}, satisfied: {"enum": list(SATISFIED)}},
            "required": [solved, satisfied],
        },
        "else": {"properties": {solved: {"enum": nothing}, satisfied: {"enum": nothing}}},
    }
