"""Rule sets as data: read, written, checked, compared. Every number keeps its name and its clause (X3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import time
from typing import Any, Final, cast

from services.sla.errors import NumberRefused, NumberUnknown
from services.sla.policy import CalendarDays, Count, Hours, RuleSet, SameDay, Workdays
from services.sla.policy.readings import COUNT_BOUNDS, DAYS_BOUNDS, HOURS_BOUNDS, NOT_LONGER, READINGS, WORKDAYS_BOUNDS

_MEASURES: Final[Mapping[type, tuple[str, tuple[int, int]]]] = {
    Workdays: ("工作日", WORKDAYS_BOUNDS),
    CalendarDays: ("天", DAYS_BOUNDS),
    Hours: ("小时", HOURS_BOUNDS),
    Count: ("次", COUNT_BOUNDS),
}
# Where the circular is silent the number is the platform's own, and changeable like every other (X3).
_OURS: Final = "X3"
_SAME_DAY: Final = ("warn_at", "cut_off", "next_day_until")
# When a clock of this measure turns yellow, and how far that may go.
_WARNINGS: Final[Mapping[type, tuple[str, int]]] = {Workdays: ("warn_left", 30), Hours: ("warn_percent", 99)}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a rule set as people read and edit it.

    `value` is a count, a count with its warning, an hour, or the hours of a same-day rule.
    """

    name: str
    measure: str
    value: Any
    clause: str
    reading: str | None


@dataclass(frozen=True, slots=True)
class Difference:
    """A number that two rule sets do not share."""

    name: str
    measure: str
    clause: str
    before: Any
    after: Any


def numbers_of(rules: RuleSet) -> tuple[Number, ...]:
    """Every number in the order in which the rule set names them."""
    found: list[Number] = []
    for field in fields(rules):
        value = getattr(rules, field.name)
        reading = READINGS.get(field.name)
        if type(value) in _MEASURES:
            measure, _ = _MEASURES[type(value)]
            found.append(Number(field.name, measure, _shown(value), value.clause or _OURS, reading))
        elif isinstance(value, SameDay):
            hours = {name: _hour(getattr(value, name)) for name in _SAME_DAY}
            found.append(Number(field.name, "当日", hours, value.clause or _OURS, reading))
        elif isinstance(value, time):
            found.append(Number(field.name, "时刻", _hour(value), _OURS, reading))
    return tuple(found)


def rule_set_of(version: str, document: str, numbers: Mapping[str, Any], base: RuleSet) -> RuleSet:
    """`base` with these numbers in place of its own, under another version.

    Raises NumberUnknown, and NumberRefused with the number's clause when one is malformed, negative or absurd, or
    contradicts another.
    """
    names = {number.name for number in numbers_of(base)}
    values: dict[str, Any] = {}
    for name, value in numbers.items():
        if name not in names:
            raise NumberUnknown(name)
        values[name] = _parsed(name, value, getattr(base, name))
    rules = replace(base, version=version, document=document, **values)
    _check_together(rules)
    return rules


def differences(before: RuleSet, after: RuleSet) -> tuple[Difference, ...]:
    """The numbers that `after` has otherwise."""
    old = {number.name: number for number in numbers_of(before)}
    return tuple(
        Difference(number.name, number.measure, number.clause, old[number.name].value, number.value)
        for number in numbers_of(after)
        if old[number.name].value != number.value
    )


def _parsed(name: str, value: object, model: object) -> object:
    if isinstance(model, time):
        return _time(name, _OURS, value)
    if isinstance(model, SameDay):
        return _same_day(name, value, model)
    counted = cast("Workdays | Hours | CalendarDays | Count", model)
    warning = _WARNINGS.get(type(model))
    parts = value if isinstance(value, Mapping) else {"count": value}
    if not parts.keys() <= ({"count"} if warning is None else {"count", "warning"}):
        raise NumberRefused(name, counted.clause, "只可含 count 和 warning")
    changes: dict[str, Any] = {}
    if "count" in parts:
        changes["count"] = _whole(name, counted.clause, parts["count"], _MEASURES[type(model)][1])
    if warning is not None and "warning" in parts:
        changes[warning[0]] = _whole(name, counted.clause, parts["warning"], (0, warning[1]))
    return replace(counted, **changes)


def _whole(name: str, clause: str, value: object, bounds: tuple[int, int]) -> int:
    least, most = bounds
    if not isinstance(value, int) or isinstance(value, bool):
        raise NumberRefused(name, clause, "应为整数")
    if not least <= value <= most:
        raise NumberRefused(name, clause, f"{value} 不在 {least} 至 {most} 之间")
    return value


def _shown(value: Workdays | Hours | CalendarDays | Count) -> int | dict[str, int]:
    warning = _WARNINGS.get(type(value))
    return value.count if warning is None else {"count": value.count, "warning": getattr(value, warning[0])}


def _same_day(name: str, value: object, model: SameDay) -> SameDay:
    if not isinstance(value, Mapping) or not value.keys() <= set(_SAME_DAY):
        raise NumberRefused(name, model.clause, "应为包含 warn_at、cut_off、next_day_until 的对象")
    hours: dict[str, time | None] = {}
    for part, hour in value.items():
        hours[part] = None if hour is None and part == "cut_off" else _time(name, model.clause, hour)
    return replace(model, **cast("dict[str, Any]", hours))


def _time(name: str, clause: str, value: object) -> time:
    try:
        parsed = time.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        parsed = None
    if parsed is None or parsed.tzinfo is not None or parsed.second or parsed.microsecond:
        raise NumberRefused(name, clause, "应为 HH:MM 形式的时刻")
    return parsed


def _check_together(rules: RuleSet) -> None:
    for shorter, longer in NOT_LONGER:
        one, other = getattr(rules, shorter), getattr(rules, longer)
        if one.count > other.count:
            raise NumberRefused(shorter, one.clause, f"{one.count} 长于 {longer} 的 {other.count}")
    if rules.work_from >= rules.work_until:
        raise NumberRefused("work_from", _OURS, "上班时刻应早于下班时刻")


def _hour(value: time | None) -> str | None:
    return None if value is None else value.strftime("%H:%M")
