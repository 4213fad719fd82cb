"""What is refused of a unit's contacts and promises."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from types import MappingProxyType
from typing import Final

from shared.errors import BusinessError, Incomplete

_PARTS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "phone": "联系所用电话号码",
        "person": "联系人",
        "content": "沟通内容",
    }
)


class ContactIncomplete(Incomplete):
    """The contact does not say who, by which number or what."""

    code, clause = "contact_incomplete", "S1.2.2d"

    def __init__(self, missing: tuple[str, ...]) -> None:
        super().__init__(f"联系记录不完整，请补充：{'、'.join(_PARTS[part] for part in missing)}")
        self.missing = missing


class ContactOutside(Incomplete):
    """The contact is in the future, or before the unit's present turn: the assignment, the redo or the approved plan."""

    code, clause = "contact_outside", "S2.2.1b"

    def __init__(self, earliest_at: datetime) -> None:
        super().__init__("联系时间应在交办（重办、列入计划的，在其之后）之后、当前时间之前；此前的联系不再计入")
        self.earliest_at = earliest_at


class ContactRecordedOtherwise(BusinessError):
    """A contact at this second by this number is on record, with another outcome, other words or another promise."""

    code, clause = "contact_recorded_otherwise", "S2.2.1b"

    def __init__(self, contact_id: str) -> None:
        super().__init__(
            "同一时间、同一号码的联系已登记，但结果、内容或再次联系时间不同；另一次联系请填写其实际联系时间，补充情况请登记办理进度"
        )
        self.contact_id = contact_id


class PromiseNotAhead(Incomplete):
    """The promised next contact is not in the future."""

    code, clause = "promise_not_ahead", "S2.2.1d"

    def __init__(self) -> None:
        super().__init__("再次联系时间应晚于当前时间")


class PromiseTooFar(Incomplete):
    """The next contact is promised for a day after every deadline of the order."""

    code, clause = "promise_too_far", "S2.2.1d"

    def __init__(self, latest_on: date, workdays: int) -> None:
        super().__init__(
            f"再次联系时间最迟为 {latest_on:%Y-%m-%d}（{workdays} 个工作日内），请约定更早的时间，届时可再行约定"
        )
        self.latest_on = latest_on
