"""An order as a platform sends it, and the answer to it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from operator import itemgetter
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from services.intake.acceptance import policy
from services.intake.channels.model import TITLES, Channel, UpstreamOrder
from services.intake.channels.policy import CHANNELS, UNKNOWN_FIELDS
from services.intake.channels.schemas import (
    ABOUT_UNKNOWN,
    NAMED,
    Flag,
    Number,
    Phone,
    check_past,
    fault_of,
    is_aware,
    not_understood,
    refusal,
    renamed,
    schema_name,
    schema_of,
)
from shared.contracts.intake import Subject
from shared.files.names import safe_name
from shared.web.fields import Body, Line, SaneMoment, Text
from shared.web.numbers import Latitude, Longitude, Revision, TimeLimit

_STARTS: Final = ("called_at", "accepted_at", "filed_at", "sent_at")
URL_FORM: Final = r"^https?://[\x21-\x7e]{1,1000}$"
EMAIL_FORM: Final = r"^[\x21-\x7e]+@[\x21-\x7e]+$"
ID_NUMBER_FORM: Final = r"^[0-9A-Za-z()\-]{4,32}$"
CREDIT_CODE_FORM: Final = "^[0-9A-Za-z]{15,18}$"
_IN_ORDER: Final = itemgetter(*UpstreamOrder._fields)


class AcceptedView(BaseModel):
    """The answer to an order that was accepted."""

    order_id: str = Field(description="本平台工单编号")
    version: int = Field(description="内容版本，首次为 1")
    not_applied: Literal["older_revision"] | None = Field(
        default=None,
        description="仅在未采用本次内容时出现：older_revision，平台已推送过版本号更大的内容",
    )
    detail: str | None = Field(default=None, description="仅在未采用本次内容时出现：中文说明")
    unknown_fields: list[str] = Field(default_factory=list, max_length=UNKNOWN_FIELDS, description=ABOUT_UNKNOWN)


class Attachment(Body):
    """A file that is stored at the platform; what else it says of it stands among the unknown fields."""

    model_config = ConfigDict(extra="ignore", frozen=True, json_schema_extra={"propertyNames": dict(NAMED)})

    name: Annotated[Line, AfterValidator(safe_name), Field(title="文件名")]
    url: Annotated[str, StringConstraints(pattern=URL_FORM), Field(title="下载地址")]


class OrderBody(Body):
    """The order in our field names, each field checked."""

    upstream_no: Number
    title: Line
    content: Text
    category: Line
    old_no: Number | None = None
    duplicate_of: Number | None = None
    revision: Revision | None = None
    is_test: Flag = False
    way: Line | None = None
    caller_name: Line | None = None
    gender: Line | None = None
    caller_phone: Phone | None = None
    contact_phone: Phone | None = None
    email: Annotated[str, StringConstraints(pattern=EMAIL_FORM, max_length=200)] | None = None
    id_type: Line | None = None
    id_number: Annotated[str, StringConstraints(pattern=ID_NUMBER_FORM)] | None = None
    caller_region: Line | None = None
    subject: Subject | None = None
    enterprise_name: Line | None = None
    credit_code: Annotated[str, StringConstraints(pattern=CREDIT_CODE_FORM)] | None = None
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
    longitude: Longitude | None = None
    latitude: Latitude | None = None
    called_at: SaneMoment | None = None
    accepted_at: SaneMoment | None = None
    filed_at: SaneMoment | None = None
    sent_at: SaneMoment | None = None
    due_at: SaneMoment | None = None
    time_limit: TimeLimit | None = None
    time_unit: Line | None = None
    advice: Text | None = None

    def as_order(self) -> UpstreamOrder:
        """The same as a tuple, as the rules take it."""
        order = UpstreamOrder._make(_IN_ORDER(self.__dict__))
        if self.attachments:
            return order._replace(attachments=tuple(file.model_dump() for file in self.attachments))
        return order


def order_of(channel: Channel, raw: Mapping[str, Any], *, now: datetime) -> UpstreamOrder:
    """The order in a platform's JSON, in our field names; NotUnderstood names every fault in Chinese and by its path."""
    values = renamed(channel, channel.order, raw, channel.required)
    check_past(channel.order, values, now)
    _check_starts(channel.order, values)
    _check_due(channel.order, values, now)
    try:
        return OrderBody.model_validate(values).as_order()
    except ValidationError as fault:
        raise not_understood(channel.order, fault, OrderBody.model_fields) from fault


def _check_starts(names: Mapping[str, str], values: Mapping[str, Any]) -> None:
    """Refuse an order that was accepted, filed or sent on before its call."""
    called_at = values.get("called_at")
    if not is_aware(called_at):
        return
    faults = [
        fault_of(names, ours, "before_call", f"不能早于{TITLES['called_at']}，请核对")
        for ours in _STARTS
        if is_aware(values.get(ours)) and called_at - values[ours] > policy.BEFORE_CALL
    ]
    if faults:
        raise refusal(faults)


def _check_due(names: Mapping[str, str], values: Mapping[str, Any], now: datetime) -> None:
    """Refuse a deadline before the moment it is counted from, or absurdly far ahead: a person looks at such an order.

    A deadline that is over when the order arrives is accepted: its clock is breached at once (S1.1.1a).
    """
    due = values.get("due_at")
    if not is_aware(due):
        return
    if due - now > policy.FARTHEST_DEADLINE:
        raise refusal([fault_of(names, "due_at", "due_too_far", "不能晚于当前时间两年以上，请核对")])
    begun = [(values[ours], ours) for ours in _STARTS if is_aware(values.get(ours))]
    if begun and due <= min(begun)[0]:
        raise refusal([fault_of(names, "due_at", "due_before_start", f"不能早于{TITLES[min(begun)[1]]}，请核对")])


def order_schema(channel: Channel) -> dict[str, Any]:
    """The JSON schema of a platform's order for the API document."""
    return schema_of(channel, "orders", OrderBody, names=channel.order, required=set(channel.required))


def order_schemas() -> dict[str, Any]:
    """Those of every channel, by their names in the API document."""
    return {schema_name(channel, "orders"): order_schema(channel) for channel in CHANNELS.values()}
