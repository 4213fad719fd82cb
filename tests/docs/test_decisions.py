"""Decision records are complete, numbered without gaps, and name checks that exist."""

import re
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
RECORDS: Final = sorted((ROOT / "docs" / "decisions").glob("[0-9]*.md"))
PARTS: Final = ["Context", "Decision", "Consequences", "Alternatives", "The check that enforces it"]


def test_records_are_numbered_without_gaps() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == [*range(len(RECORDS))]


@pytest.mark.parametrize("record", RECORDS, ids=lambda path: path.stem)
def test_a_record_has_its_five_parts_its_number_and_one_page(record: Path) -> None:
    text = record.read_text()

    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS
    assert text.startswith(f"# {record.name[:4]}: ")
    assert len(text.splitlines()) <= 70


@pytest.mark.parametrize("record", RECORDS[1:], ids=lambda path: path.stem)
def test_a_record_names_a_check_that_exists(record: Path) -> None:
    check = record.read_text().split("## The check that enforces it")[1]
    paths = [word for word in re.findall(r"`([^`\s]+)`", check) if "/" in word or word.startswith(".")]

    assert paths
    assert [path for path in paths if not (ROOT / path).exists()] == []
