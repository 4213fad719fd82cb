"""Events of sla: clocks, warnings, breaches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import ClassVar, Final, Literal

from pydantic import BaseModel, ConfigDict

from shared.contracts.base import Event, Moment, OrderEvent

ClockKind = Literal[
    "upstream_due",
    "same_day_dispatch",
    "accept",
    "first_contact",
    "caller_reply",
    "first_reply",
    "final",
    "district_final",
    "return_window",
    "progress_note",
    "next_contact",
    "co_task",
    "consult",
    "review_turnaround",
    "chain_step",
    "plan",
    "revisit",
    "supervise_case",
    "rectify_promise",
]
"""Every clock of the circular by its name; the rules of sla decide which of them are started."""

CLOCK_TITLES: Final[Mapping[ClockKind, str]] = MappingProxyType(
    {
        "upstream_due": "上级平台时限",
        "same_day_dispatch": "当日交办",
        "accept": "签收认领",
        "first_contact": "首次联系",
        "caller_reply": "即时回复来电人",
        "first_reply": "首次答复",
        "final": "办结",
        "district_final": "全区办结",
        "return_window": "回退窗口",
        "progress_note": "当日进度说明",
        "next_contact": "再次联系承诺",
        "co_task": "协办任务",
        "consult": "会商研判",
        "review_turnaround": "审核把关",
        "chain_step": "签批环节",
        "plan": "列入计划",
        "revisit": "回访",
        "supervise_case": "挂牌督办",
        "rectify_promise": "整改承诺",
    }
)
"""What each kind of clock is called wherever people read it."""


class ClockStarted(OrderEvent):
    """A deadline began to run."""

    type: ClassVar[str] = "clock.started.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    started_at: Moment
    due_at: Moment
    provisional: bool
    rules: str


class ClockChanged(OrderEvent):
    """A deadline moved, by another calendar or an extension."""

    type: ClassVar[str] = "clock.changed.v1"

    clock_id: str
    kind: ClockKind
    was_due_at: Moment
    due_at: Moment
    provisional: bool
    reason: str
    calendar: str
    """The calendar version under which it is due now."""
    excused: bool
    """This change takes the clock's breach back, as `clock.breach_excused.v1` says.  A later breach is published."""
    reopened: bool = False
    """The clock had ended, and runs again until `due_at`: by the calendar of then it had passed its due moment."""


class ClockStopped(OrderEvent):
    """What the deadline demanded happened (`met` says whether in time), or the deadline became void.

    A clock whose due moment a calendar moved after its end is told once more: the last one holds.
    """

    type: ClassVar[str] = "clock.stopped.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    due_at: Moment
    stopped_at: Moment
    met: bool
    void: bool
    original_due_at: Moment | None
    """The first due moment, when it has moved since: lateness is shown against both (S1.3.2e)."""


class ClockWarned(OrderEvent):
    """A deadline is near."""

    type: ClassVar[str] = "clock.warned.v1"

    clock_id: str
    kind: ClockKind
    unit: str | None
    rung: str
    due_at: Moment
    warned_at: Moment
    provisional: bool
    late_by_seconds: float
    fired_late: bool


class ClockBreached(Event):
    """A deadline passed.  It has its own topic, keyed by unit, because operators watch it (S1.1.4b)."""

    type: ClassVar[str] = "clock.breached.v1"
    topic: ClassVar[str] = "sla-breaches"

    order_id: str
    clock_id: str
    kind: ClockKind
    unit: str | None
    due_at: Moment
    breached_at: Moment
    late_by_seconds: float
    provisional: bool
    fired_late: bool
    original_due_at: Moment | None
    """The first due moment, when it has moved since: lateness is shown against both (S1.3.2e)."""

    @property
    def key(self) -> str:
        """The unit that owns the deadline, or the district."""
        return self.unit or "district"


Excuse = Literal["calendar", "extension", "upstream", "in_time", "not_urgent"]
"""Why a breach is taken back: another calendar, an extension or the upstream moved the deadline; what it asked for had
happened in time, and sla heard of it later; or the order is not urgent."""


class BreachExcused(Event):
    """A published breach does not count any more (S1.1.4b).  It follows the breach, on its topic and with its key.

    The clock may be breached once more, at `now_due_at` or later; that is another `clock.breached.v1`.
    """

    type: ClassVar[str] = "clock.breach_excused.v1"
    topic: ClassVar[str] = "sla-breaches"

    order_id: str
    clock_id: str
    kind: ClockKind
    unit: str | None
    due_at: Moment
    """The due moment of the breach that is taken back."""
    breached_at: Moment
    """When that breach was published."""
    cause: Excuse
    reason: str
    """The same in Chinese, with the particulars."""
    now_due_at: Moment | None
    """When the clock is due now; None when it has ended."""
    excused_at: Moment

    @property
    def key(self) -> str:
        """The unit that owns the deadline, or the district."""
        return self.unit or "district"


class WarnedClock(BaseModel):
    """One warning of a digest."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    order_id: str
    clock_id: str
    kind: ClockKind
    rung: str
    due_at: Moment
    late_by_seconds: float
    fired_late: bool


class WarningsDigested(Event):
    """Many deadlines of one unit are near, and their warnings are published together; keyed by unit."""

    type: ClassVar[str] = "clock.warnings_digested.v1"
    topic: ClassVar[str] = "directory"

    unit: str | None
    count: int
    warnings: tuple[WarnedClock, ...]
    warned_at: Moment

    @property
    def key(self) -> str:
        """The unit that owns the deadlines, or the district."""
        return self.unit or "district"


class ExtensionRequested(OrderEvent):
    """A unit asks for more working days, with the caller's consent (S1.3.2a, S1.3.2b)."""

    type: ClassVar[str] = "extension.requested.v1"

    extension_id: str
    clock_id: str
    unit: str
    reason_code: Literal["legal", "complex"]
    workdays: int
    due_at: Moment
    overridden: bool
    requested_at: Moment


class ExtensionGranted(OrderEvent):
    """The centre grants it: the deadline moves, the original one stays visible (S1.3.2e)."""

    type: ClassVar[str] = "extension.granted.v1"

    extension_id: str
    clock_id: str
    unit: str
    workdays: int
    original_due_at: Moment
    was_due_at: Moment
    due_at: Moment
    granted_by: str
    granted_at: Moment


class ExtensionRefused(OrderEvent):
    """No extension: the centre refused it, or the caller did not consent (S1.3.2c)."""

    type: ClassVar[str] = "extension.refused.v1"

    extension_id: str
    clock_id: str
    unit: str
    cause: Literal["centre", "caller"]
    refused_by: str
    refused_at: Moment


class PromiseKept(OrderEvent):
    """The unit contacted the caller by the moment that it had promised (S2.2.1e)."""

    type: ClassVar[str] = "promise.kept.v1"

    clock_id: str
    unit: str
    promised_at: Moment
    kept_at: Moment


class PromiseBroken(OrderEvent):
    """The promised moment passed without a contact (S2.2.1e)."""

    type: ClassVar[str] = "promise.broken.v1"

    clock_id: str
    unit: str
    promised_at: Moment
    broken_at: Moment


class PlanWoken(OrderEvent):
    """The day of a planned order has come: it must be completed and the caller contacted again (S2.2.2f)."""

    type: ClassVar[str] = "plan.woken.v1"

    clock_id: str
    unit: str
    plan_on: date
    woken_at: Moment


class PlanBroken(OrderEvent):
    """The day of a planned order passed without its completion (S2.2.2f)."""

    type: ClassVar[str] = "plan.broken.v1"

    clock_id: str
    unit: str
    plan_on: date
    broken_at: Moment


SupervisionCause = Literal["overdue", "unsolved", "refused", "concentrated"]
"""超期未办, 解决不力, 拒不承办, 反映问题集中 (S3.4a, A25)."""


class SupervisionCandidateRaised(Event):
    """A unit has come under one of the four triggers of supervision; the office decides (S3.4a); keyed by unit."""

    type: ClassVar[str] = "supervision.candidate_raised.v1"
    topic: ClassVar[str] = "directory"

    candidate_id: str
    unit: str
    cause: SupervisionCause
    order_id: str | None
    facts: str
    raised_at: Moment

    @property
    def key(self) -> str:
        """The unit."""
        return self.unit


class ArrangedYear(BaseModel):
    """One year's holiday arrangement: days off and make-up days with the name of their holiday."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    year: int
    source_notice: str
    off_days: dict[date, str]
    make_up_days: dict[date, str]


class CalendarChanged(Event):
    """Another version of the calendar holds; the event has all of it, so a reader needs no earlier version (S1.1.4a)."""

    type: ClassVar[str] = "calendar.changed.v1"
    topic: ClassVar[str] = "directory"

    number: int
    """1, 2, 3 ...; the highest holds."""
    version: str
    previous: str
    changed_at: Moment
    years: list[ArrangedYear]

    @property
    def key(self) -> str:
        """One key for all versions: there is one calendar."""
        return "calendar"


RuleNumber = int | str | dict[str, int] | dict[str, str | None]
"""A count, an hour, "yes" or "no", a count with its warning, or the hours of a same-day rule."""


class RuleSetPublished(Event):
    """A further rule set will hold for the orders received from `effective_from` on (X3)."""

    type: ClassVar[str] = "ruleset.published.v1"
    topic: ClassVar[str] = "directory"

    version: str
    document: str
    effective_from: Moment
    published_at: Moment
    numbers: dict[str, RuleNumber]
    """Every number by its name. Dispatch decides by `return_window`, `plan` and `returns_to_panel`."""

    @property
    def key(self) -> str:
        """One key for all rule sets, so that they are read in order."""
        return "rules"


EVENTS: tuple[type[Event], ...] = (
    ClockStarted,
    ClockChanged,
    ClockStopped,
    ClockWarned,
    ClockBreached,
    BreachExcused,
    WarningsDigested,
    ExtensionRequested,
    ExtensionGranted,
    ExtensionRefused,
    PromiseKept,
    PromiseBroken,
    PlanWoken,
    PlanBroken,
    SupervisionCandidateRaised,
    CalendarChanged,
    RuleSetPublished,
)
