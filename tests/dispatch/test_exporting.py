"""The orders of a list as a file: safe to open, bounded, audited, with the words that the person may read."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from typing import Any
from xml.etree import ElementTree as ET

import httpx
import pytest

from services.dispatch.exporting import api, handlers
from services.dispatch.exporting.handlers import COLUMNS
from services.dispatch.exporting.rules import csv_lines, plain_text, safe_text
from shared.identity import Role
from tests.dispatch import clocks
from tests.dispatch.story import WATER, Story

pytestmark = pytest.mark.clause("X2")

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.mark.parametrize(
    ("text", "cell"),
    [
        ("垃圾无人清运", "垃圾无人清运"),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        (" =1+1", "' =1+1"),
        ("+8613800000000", "'+8613800000000"),
        ("-1", "'-1"),
        ("@SUM(B:B)", "'@SUM(B:B)"),
        ("＝1", "'＝1"),
        ("\t=1", "'\t=1"),
        ("a=1", "a=1"),
        ("a\x00\x1bb", "a  b"),
        ("", ""),
    ],
)
def test_no_cell_is_a_formula(text: str, cell: str) -> None:
    assert safe_text(text) == cell


def test_a_cell_is_no_longer_than_a_program_takes() -> None:
    assert len(plain_text("长" * 100_000)) == 32_000


def test_quotes_commas_and_breaks_stay_inside_of_a_cell() -> None:
    written = csv_lines([['a"b', "c,d", "e\nf"]]).decode()

    assert next(csv.reader(io.StringIO(written, newline=""))) == ['a"b', "c,d", "e\nf"]


async def exported(story: Story, form: str, who: dict[str, str] | None = None, **query: Any) -> httpx.Response:
    answer = await story.get("/orders/export", who, format=form, **query)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"].startswith("attachment; ")
    return answer


def of_csv(answer: httpx.Response) -> list[list[str]]:
    assert answer.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def of_xlsx(answer: httpx.Response) -> list[list[str]]:
    """The texts of the sheet; it has nothing but texts."""
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        sheet = ET.fromstring(book.read("xl/worksheets/sheet1.xml"))
    assert sheet.find(f".//{SHEET}f") is None
    cells = [list(row) for row in sheet.iter(f"{SHEET}row")]
    assert {cell.get("t") for row in cells for cell in row} == {"inlineStr"}
    return [["".join(text.text or "" for text in cell.iter(f"{SHEET}t")) for cell in row] for row in cells]


async def test_both_forms_have_what_the_list_shows_in_its_sequence(story: Story) -> None:
    later, first = await story.handled(), await story.handled()
    await story.arrive(platform="gov_hotline")
    due = story.now + timedelta(days=1)
    await story.desk.tell(clocks.started(first, "a", due), clocks.started(later, "b", due + timedelta(days=1)))

    query: dict[str, Any] = {"sort": "pressing", "group": "in_progress"}
    text, book = await exported(story, "csv", **query), await exported(story, "xlsx", **query)

    rows = of_csv(text)
    assert rows == of_xlsx(book)
    assert rows[0] == list(COLUMNS)
    found = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert [row["本平台编号"] for row in found] == [first, later]
    assert found[0] | {"接收时间": "", "交办时间": "", "上级平台工单编号": "", "平台代码": ""} == {
        **dict.fromkeys(COLUMNS, ""),
        "诉求标题": "垃圾无人清运",
        "诉求类别": found[0]["诉求类别"],
        "街道": "初家街道",
        "状态": "办理中",
        "承办单位": "单位urban",
        "首接单位": "单位urban",
        "最紧迫时限": "办结",
        "截止时刻": "2026-11-24 09:00",
        "时限状态": "计时中",
        "回退次数": "0",
        "重办次数": "0",
        "催办次数": "0",
        "本平台编号": first,
    }
    assert (book.headers["gongdan-rows"], book.headers["gongdan-cut"]) == ("2", "false")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_callers_formula_stays_a_text(story: Story, form: str) -> None:
    order_id = story.received().order_id
    words = json.dumps({"title": "=cmd|' /C calc'!Z", "content": "x"})
    sealed = story.desk.runtime.works.sealer.seal(words, f"order:{order_id}:demand")
    await story.arrive(order_id=order_id, demand=sealed)

    answer = await exported(story, form)

    [_, row] = of_csv(answer) if form == "csv" else of_xlsx(answer)
    assert row[2] == ("'" if form == "csv" else "") + "=cmd|' /C calc'!Z"


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_a_file_that_is_cut_says_so_in_its_last_row(
    story: Story, form: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (api, handlers):
        monkeypatch.setattr(module, "MOST_ROWS", 3)
    monkeypatch.setattr(handlers, "PAGE", 2)
    for _ in range(4):
        await story.arrive()

    answer = await exported(story, form)

    rows = of_csv(answer) if form == "csv" else of_xlsx(answer)
    assert len(rows) == 1 + 3 + 1
    assert "仅导出前 3 件" in rows[-1][0]
    assert (answer.headers["gongdan-rows"], answer.headers["gongdan-cut"]) == ("3", "true")


@pytest.mark.clause("S4.2a")
async def test_a_unit_exports_its_own_and_who_reads_no_words_gets_none(story: Story) -> None:
    mine, others = await story.handled(), await story.arrive()
    assert (await story.assign(others, WATER)).status_code == 200

    own = of_csv(await exported(story, "csv", story.caseworker()))
    audited = of_csv(await exported(story, "csv", story.desk.bearer(Role.AUDITOR)))

    assert [row[-1] for row in own[1:]] == [mine]
    assert own[1][2] == "垃圾无人清运"
    assert {row[2] for row in audited[1:]} == {""}


@pytest.mark.clause("X1")
async def test_an_export_is_audited_with_what_was_asked_for(story: Story) -> None:
    await story.arrive()
    await exported(story, "csv", group="to_assign", street="初家街道")

    [row] = await story.desk.rows("select actor, after from audit where action = 'orders.exported'")
    assert row["after"] == {
        "format": "csv",
        "rows": 1,
        "cut": False,
        "wanted": {"group": "to_assign", "street": "初家街道", "sort": "received"},
    }


async def test_a_form_that_is_none_is_refused(story: Story) -> None:
    assert (await story.get("/orders/export", format="pdf")).status_code == 422
