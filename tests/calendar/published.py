"""A year 2027 as the tests would have it published: invented, in all the forms in which a year can be imported."""

from __future__ import annotations

import json
from datetime import date, timedelta

NOTICE_2027 = """国务院办公厅关于2027年部分节假日安排的通知
国办发明电〔2026〕99号
各省、自治区、直辖市人民政府，国务院各部委、各直属机构：
　　经国务院批准，现将2027年元旦、春节、清明节、劳动节、端午节、中秋节和国庆节放假调休日期的具体安排通知如下。
　　一、元旦：1月1日（周五）至3日（周日）放假，共3天。2026年12月31日（周四）放假调休，2026年12月27日（周日）上班。
　　二、春节：2月5日（周五，农历除夕前一日）至12日（周五）放假调休，共8天。1月31日（周日）、2月20日（周六）上班。
　　三、清明节：4月3日（周六）至5日（周一）放假，共3天。
　　四、劳动节：5月1日（周六）至5日（周三）放假调休，共5天。5月8日（周六）上班。
　　五、端午节：6月9日（周三）放假1天，不调休。
　　六、中秋节：9月15日（周三）放假1天。
　　七、国庆节：10月1日（周五）至7日（周四）放假调休，共7天。9月26日（周日）、10月9日（周六）上班。
　　节假日期间，各地区、各部门要妥善安排好值班和安全、保卫等工作。鼓励职工在除夕（2月5日）休息。
国务院办公厅
2026年11月20日
"""

OFF = {
    "元旦": ("2026-12-31", "2027-01-03"),
    "春节": ("2027-02-05", "2027-02-12"),
    "清明节": ("2027-04-03", "2027-04-05"),
    "劳动节": ("2027-05-01", "2027-05-05"),
    "端午节": ("2027-06-09", "2027-06-09"),
    "中秋节": ("2027-09-15", "2027-09-15"),
    "国庆节": ("2027-10-01", "2027-10-07"),
}
WORKED = {
    "元旦": ("2026-12-27",),
    "春节": ("2027-01-31", "2027-02-20"),
    "劳动节": ("2027-05-08",),
    "国庆节": ("2027-09-26", "2027-10-09"),
}


def days_between(first: str, last: str) -> list[date]:
    """Every day from the first to the last."""
    start, end = date.fromisoformat(first), date.fromisoformat(last)
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]


def off_days() -> set[date]:
    """Every day off."""
    return {day for first, last in OFF.values() for day in days_between(first, last)}


def worked_days() -> set[date]:
    """Every make-up day."""
    return {date.fromisoformat(day) for days in WORKED.values() for day in days}


def holiday_cn(year: int = 2027) -> str:
    """The same as JSON."""
    days = [
        {"name": name, "date": day.isoformat(), "isOffDay": True}
        for name, (first, last) in OFF.items()
        for day in days_between(first, last)
    ]
    days += [{"name": name, "date": day, "isOffDay": False} for name, listed in WORKED.items() for day in listed]
    return json.dumps({"year": year, "papers": ["国办发明电〔2026〕99号"], "days": days}, ensure_ascii=False)


def icalendar() -> str:
    """The same as an iCalendar file with 休 and 班."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//", "X-WR-CALNAME:中国节假日"]
    for name, (first, last) in OFF.items():
        after = date.fromisoformat(last) + timedelta(days=1)
        lines += _event(f"{name}（休）", date.fromisoformat(first), after)
    for name, listed in WORKED.items():
        for day in map(date.fromisoformat, listed):
            lines += _event(f"{name}（班）", day, day + timedelta(days=1))
    return "\r\n".join([*lines, "END:VCALENDAR", ""])


def _event(title: str, first: date, after: date) -> list[str]:
    return [
        "BEGIN:VEVENT",
        f"UID:{first:%Y%m%d}@test",
        "DTSTAMP:20261120T000000Z",
        f"DTSTART;VALUE=DATE:{first:%Y%m%d}",
        f"DTEND;VALUE=DATE:{after:%Y%m%d}",
        f"SUMMARY:{title}",
        "END:VEVENT",
    ]
