"""Rule sets as data: read, written, checked, compared. Every number keeps its name and its clause (X3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import time, timedelta
from typing import Any, Final, cast

from services.sla.rulesets.errors import NumberRefused, NumberUnknown
from services.sla.rulesets.policy import (
    COUNT_BOUNDS,
    DAYS_BOUNDS,
    HOURS_BOUNDS,
    LATEST_WARNING,
    MOST_QUIET,
    NOT_LONGER,
    OWN_BOUNDS,
    READINGS,
    TITLES,
    WORKDAYS_BOUNDS,
    CalendarDays,
    Choice,
    Count,
    Hours,
    RuleSet,
    SameDay,
    Workdays,
)

_MEASURES: Final[Mapping[type, tuple[str, tuple[int, int]]]] = {
    Workdays: ("工作日", WORKDAYS_BOUNDS),
    CalendarDays: ("天", DAYS_BOUNDS),
    Hours: ("小时", HOURS_BOUNDS),
    Count: ("次", COUNT_BOUNDS),
}
# Where the circular is silent the number is the platform's own, and changeable like every other (X3).
_OURS: Final = "X3"
_HH_MM: Final = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]")
_TOO_LONG_TO_SHOW: Final = 1_000_000_000
_CHOICES: Final[Mapping[str, bool]] = {"yes": True, "no": False}
_SAME_DAY: Final = ("warn_at", "cut_off", "next_day_until")
# When a clock of this measure turns yellow, and how far that may go.
_WARNINGS: Final[Mapping[type, tuple[str, int]]] = {Workdays: ("warn_left", 30), Hours: ("warn_percent", 99)}


@dataclass(frozen=True, slots=True)
class Number:
    """One number of a rule set as people read and edit it.

    `value` is a count, a count with its warning, an hour, the hours of a same-day rule, or "yes" or "no".
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
        elif isinstance(value, Choice):
            found.append(Number(field.name, "是否", "yes" if value.yes else "no", value.clause or _OURS, reading))
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


def check_sensible(rules: RuleSet) -> None:
    """Refuse numbers that are each within their bounds and make no sense together, with the clause of the one to change.

    Asked when people enter or publish numbers, and not when they are read. Raises NumberRefused.
    """
    for field in fields(rules):
        value = getattr(rules, field.name)
        if isinstance(value, Workdays) and value.warn_left > value.count:
            problem = f"提前 {value.warn_left} 个工作日预警，却只有 {value.count} 个工作日，请减小预警提前量"
            raise _refused(field.name, value.clause, problem)
        if isinstance(value, SameDay):
            _check_same_day(field.name, value, rules)
    _check_quiet(rules)


def _check_same_day(name: str, rule: SameDay, rules: RuleSet) -> None:
    opens = _hour(rules.work_from)
    if not rules.work_from < rule.warn_at <= LATEST_WARNING:
        problem = f"预警时刻 {_hour(rule.warn_at)} 应在上班时刻 {opens} 之后、{_hour(LATEST_WARNING)} 之前"
        raise _refused(name, rule.clause, problem)
    if rule.next_day_until <= rules.work_from:
        problem = f"次日截止时刻 {_hour(rule.next_day_until)} 应晚于上班时刻 {opens}，否则无人办理"
        raise _refused(name, rule.clause, problem)
    if rule.cut_off is None:
        return
    if rule.cut_off <= rules.work_from:
        problem = f"顺延起点 {_hour(rule.cut_off)} 应晚于上班时刻 {opens}，否则当日事项全部顺延至次日"
        raise _refused(name, rule.clause, problem)
    if rule.next_day_until > rule.cut_off:
        problem = f"次日截止时刻 {_hour(rule.next_day_until)} 晚于顺延起点 {_hour(rule.cut_off)}，顺延不得超过 24 小时"
        raise _refused(name, rule.clause, problem)


def _check_quiet(rules: RuleSet) -> None:
    first, last = _hour(rules.quiet_from), _hour(rules.quiet_until)
    if rules.quiet_from == rules.quiet_until:
        problem = f"免打扰的起止时刻同为 {first}，分不清是全天还是从不，请填写不同的时刻"
        raise _refused("quiet_until", _OURS, problem)
    length = _after_midnight(rules.quiet_until) - _after_midnight(rules.quiet_from)
    if length % timedelta(days=1) > MOST_QUIET:
        hours = MOST_QUIET // timedelta(hours=1)
        problem = f"免打扰时段 {first} 至 {last} 超过 {hours} 小时，预警将无人及时看到，请核对起止时刻是否颠倒"
        raise _refused("quiet_until", _OURS, problem)


def _after_midnight(at: time) -> timedelta:
    return timedelta(hours=at.hour, minutes=at.minute)


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
    if isinstance(model, Choice):
        if not isinstance(value, str) or value not in _CHOICES:
            raise _refused(name, model.clause or _OURS, "应为是或否")
        return replace(model, yes=_CHOICES[value])
    counted = cast("Workdays | Hours | CalendarDays | Count", model)
    warning = _WARNINGS.get(type(model))
    parts = value if isinstance(value, Mapping) else {"count": value}
    if not parts.keys() <= ({"count"} if warning is None else {"count", "warning"}):
        raise _refused(name, counted.clause, "只可含期限和预警")
    changes: dict[str, Any] = {}
    bounds = OWN_BOUNDS.get(name, _MEASURES[type(model)][1])
    if "count" in parts:
        changes["count"] = _whole(name, counted.clause, parts["count"], bounds)
    if warning is not None and "warning" in parts:
        changes[warning[0]] = _whole(name, counted.clause, parts["warning"], (0, warning[1]))
    return replace(counted, **changes)


def _whole(name: str, clause: str, value: object, bounds: tuple[int, int]) -> int:
    least, most = bounds
    if not isinstance(value, int) or isinstance(value, bool):
        raise _refused(name, clause, f"应为 {least} 至 {most} 之间的整数")
    if not least <= value <= most:
        shown = str(value) if abs(value) < _TOO_LONG_TO_SHOW else "所填数值"
        raise _refused(name, clause, f"{shown} 不在 {least} 至 {most} 之间")
    return value


def _shown(value: Workdays | Hours | CalendarDays | Count) -> int | dict[str, int]:
    warning = _WARNINGS.get(type(value))
    return value.count if warning is None else {"count": value.count, "warning": getattr(value, warning[0])}


def _same_day(name: str, value: object, model: SameDay) -> SameDay:
    if not isinstance(value, Mapping) or not value.keys() <= set(_SAME_DAY):
        raise _refused(name, model.clause, "应只含预警时刻、顺延起点和次日截止时刻")
    hours: dict[str, time | None] = {}
    for part, hour in value.items():
        hours[part] = None if hour is None and part == "cut_off" else _time(name, model.clause, hour)
    return replace(model, **cast("dict[str, Any]", hours))


def _time(name: str, clause: str, value: object) -> time:
    if not isinstance(value, str) or not _HH_MM.fullmatch(value):
        raise _refused(name, clause, "应为 00:00 至 23:59 之间的时刻，如 08:30")
    return time.fromisoformat(value)


def _check_together(rules: RuleSet) -> None:
    for shorter, longer in NOT_LONGER:
        one, other = getattr(rules, shorter), getattr(rules, longer)
        if one.count > other.count:
            raise _refused(shorter, one.clause, f"{one.count} 长于“{TITLES[longer]}”的 {other.count}")
    if rules.work_from >= rules.work_until:
        raise _refused("work_from", _OURS, "上班时刻应早于下班时刻")


def _refused(name: str, clause: str, problem: str) -> NumberRefused:
    return NumberRefused(name, TITLES[name], clause, problem)


def _hour(value: time | None) -> str | None:
    return None if value is None else value.strftime("%H:%M")
