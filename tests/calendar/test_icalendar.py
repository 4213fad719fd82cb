"""A year as an iCalendar file."""

from __future__ import annotations

import contextlib
from datetime import date

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.calendar import (
    ArrangementMalformed,
    CalendarRefused,
    DayOutsideYear,
    DayTwice,
    FieldTwice,
    YearNotPublished,
    arrangement_from_holiday_cn,
    arrangement_from_icalendar,
)
from tests.calendar.published import holiday_cn, icalendar, off_days, worked_days

pytestmark = pytest.mark.clause("S1.1.4a")


def test_the_file_means_what_the_json_means() -> None:
    arrangement = arrangement_from_icalendar(2027, icalendar())

    assert set(arrangement.off_days) == off_days()
    assert set(arrangement.make_up_days) == worked_days()
    assert dict(arrangement.off_days) == dict(arrangement_from_holiday_cn(holiday_cn()).off_days)
    assert arrangement.make_up_days[date(2027, 5, 8)] == "劳动节"


def test_apples_special_days_count_and_its_mere_festivals_do_not() -> None:
    text = icalendar().replace("（休）", "").replace("（班）", "")
    lines, out = text.split("\r\n"), []
    for line in lines:
        out.append(line)
        if line.startswith("UID:"):
            day = date.fromisoformat(f"{line[4:8]}-{line[8:10]}-{line[10:12]}")
            out.append(f"X-APPLE-SPECIAL-DAY:{'ALTERNATE-WORKDAY' if day in worked_days() else 'WORK-HOLIDAY'}")
    festival = ["BEGIN:VEVENT", "UID:x", "DTSTART;VALUE=DATE:20270214", "SUMMARY:情人节", "END:VEVENT"]
    out[-2:-2] = festival

    arrangement = arrangement_from_icalendar(2027, "\r\n".join(out))

    assert set(arrangement.off_days) == off_days()
    assert set(arrangement.make_up_days) == worked_days()


@pytest.mark.parametrize("status", ["STATUS:CANCELLED", "STATUS:cancelled", "STATUS;X-WHY=moved:CANCELLED"])
@pytest.mark.parametrize(
    "event",
    [
        ["DTSTART;VALUE=DATE:20270317", "SUMMARY:某节（休）"],
        ["DTSTART;VALUE=DATE:20270609", "SUMMARY:端午节（休）"],  # the day stands once more, and is not cancelled there
        ["DTSTART;VALUE=DATE:20270317", "SUMMARY:某节（班）"],
        ["DTSTART:20270317T000000Z", "RRULE:FREQ=DAILY", "SUMMARY:某节"],
        ["DTSTART;VALUE=DATE:20270317", "SUMMARY:某节", "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY"],
    ],
)
def test_a_cancelled_event_is_neither_a_holiday_nor_a_fault(event: list[str], status: str) -> None:
    lines = icalendar().split("\r\n")
    lines[-2:-2] = ["BEGIN:VEVENT", "UID:x", *event, status, "END:VEVENT"]

    arrangement = arrangement_from_icalendar(2027, "\r\n".join(lines))

    assert set(arrangement.off_days) == off_days()
    assert set(arrangement.make_up_days) == worked_days()


def test_an_event_that_is_confirmed_counts_and_a_year_of_cancelled_ones_is_none() -> None:
    confirmed = icalendar().replace("END:VEVENT", "STATUS:CONFIRMED\r\nEND:VEVENT")
    assert set(arrangement_from_icalendar(2027, confirmed).off_days) == off_days()

    with pytest.raises(YearNotPublished):
        arrangement_from_icalendar(2027, confirmed.replace("CONFIRMED", "CANCELLED"))


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (("元旦（休）", "元旦"), ArrangementMalformed),  # off or worked? it does not say
        (("元旦（休）", "元旦（休）上班"), ArrangementMalformed),
        (("DTSTART;VALUE=DATE:20270609", "DTSTART:20270609T000000Z"), ArrangementMalformed),
        (("DTEND;VALUE=DATE:20270610", "DTEND;VALUE=DATE:20270609"), ArrangementMalformed),
        (("DTSTART;VALUE=DATE:20270609", "DTSTART;VALUE=DATE:20271301"), ArrangementMalformed),
        (("DTEND;VALUE=DATE:20270610", "DTEND;VALUE=DATE:20270231"), ArrangementMalformed),
        (("DTEND;VALUE=DATE:20270610", "DTEND;VALUE=DATE:"), ArrangementMalformed),
        (("DTEND;VALUE=DATE:20270610", "DURATION:P2D"), ArrangementMalformed),
        (("DTEND;VALUE=DATE:20270610", "DTEND;VALUE=PERIOD:20270609/20270610"), ArrangementMalformed),
        (("SUMMARY:端午节（休）", "X-APPLE-SPECIAL-DAY:WORK-HOLIDAY"), CalendarRefused),
        (("DTSTART;VALUE=DATE:20270609", "RRULE:FREQ=DAILY\r\nDTSTART;VALUE=DATE:20270609"), ArrangementMalformed),
        (("DTSTART;VALUE=DATE:20270609\r\nDTEND;VALUE=DATE:20270610", "DTSTART;VALUE=DATE:20270501"), DayTwice),
        (("DTSTART;VALUE=DATE:20270609\r\nDTEND;VALUE=DATE:20270610", "DTSTART;VALUE=DATE:20280609"), DayOutsideYear),
    ],
)
def test_a_file_that_leaves_a_doubt_is_refused(change: tuple[str, str], refusal: type[Exception]) -> None:
    text = icalendar().replace(*change)
    assert text != icalendar()

    with pytest.raises(refusal):
        arrangement_from_icalendar(2027, text)


@pytest.mark.parametrize("text", ["", "no calendar", "BEGIN:VCALENDAR", "BEGIN:VEVENT\r\nEND:VCALENDAR"])
def test_what_is_no_calendar_is_refused(text: str) -> None:
    with pytest.raises((ArrangementMalformed, YearNotPublished)):
        arrangement_from_icalendar(2027, text)


LINES = icalendar().split("\r\n")
PIECES = st.sampled_from(
    [
        *(
            "DTSTART;VALUE=DATE:20261301",
            "DTSTART;VALUE=DATE:99991231",
            "DTEND;VALUE=DATE:x",
            "DTSTART;VALUE=TIME:120000",
        ),
        *("DTSTART;TZID=Nowhere:20270101T000000", "DTSTART;VALUE=PERIOD:1/2", "DTSTART;VALUE=DATE:20270101,20270102"),
        *("SUMMARY", "SUMMARY;X=:y", 'SUMMARY;LANGUAGE="a:b', "RDATE:x", "RRULE:FREQ=x", "EXDATE:1", "DURATION:x"),
        *("X-APPLE-SPECIAL-DAY:WORK-HOLIDAY", "X-APPLE-SPECIAL-DAY;VALUE=DATE:2", "X-WR-CALNAME;VALUE=DATE:zz"),
        *(
            "STATUS:CANCELLED",
            "STATUS;VALUE=DATE:x",
            "BEGIN:VEVENT",
            "END:VEVENT",
            "BEGIN:VTIMEZONE",
            "END:VTIMEZONE",
            "BEGIN:VCALENDAR",
            "END:VCALENDAR",
        ),
        *("TZOFFSETTO:+99999", "ATTACH;ENCODING=BASE64;VALUE=BINARY:@@", "GEO:1", " ", "\tfolded", "=:;", "\x01", ""),
    ]
)
CHANGES = st.lists(
    st.one_of(
        st.tuples(st.just("put"), st.integers(0, len(LINES) - 1), PIECES),
        st.tuples(st.just("replace"), st.integers(0, len(LINES) - 1), st.one_of(PIECES, st.text(max_size=40))),
        st.tuples(st.just("cut"), st.integers(0, len(LINES) - 1), st.just("")),
    ),
    min_size=1,
    max_size=5,
)


@settings(max_examples=400, deadline=None)
@given(CHANGES)
@example([("replace", LINES.index("DTSTART;VALUE=DATE:20270609"), "DTSTART;VALUE=DATE:20261301")])
@example([("replace", LINES.index("DTEND;VALUE=DATE:20270610"), "DTEND;VALUE=DATE:20261301")])
def test_whatever_a_file_holds_it_is_taken_or_refused_in_our_words(changes: list[tuple[str, int, str]]) -> None:
    lines = list(LINES)
    for what, at, piece in changes:
        lines[at : at + (what != "put")] = [] if what == "cut" else [piece]

    with contextlib.suppress(CalendarRefused):
        arrangement_from_icalendar(2027, "\r\n".join(lines), complete=False)


@pytest.mark.parametrize(
    "line", ["SUMMARY:元旦（班）", "DTSTART;VALUE=DATE:20270105", "STATUS:CANCELLED\r\nSTATUS:CONFIRMED"]
)
def test_a_property_that_comes_twice_is_refused_by_name(line: str) -> None:
    name = line.partition(":")[0].partition(";")[0]
    document = icalendar().replace("END:VEVENT", f"{line}\r\nEND:VEVENT", 1)

    with pytest.raises(FieldTwice) as refused:
        arrangement_from_icalendar(2027, document)
    assert refused.value.facts == {"field": name}
