"""Every reference to a reading, a rule or a promise (A14, R7, P9) has its entry in a register, and every entry is used."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
REGISTERS: Final = ("docs/readings.md", "docs/reliability.md")
READ: Final = frozenset({".py", ".md", ".toml"})
FOLDERS: Final = ("bench", "deploy", "docs", "sample", "services", "shared", "tests", "tools")
# Generated from the code that is read anyway.
GENERATED: Final = ("docs/clauses.md", "docs/lifecycle.md", "docs/notices.md")
NOT_BUILT: Final = "Not built yet"
REFERENCE: Final = re.compile(r"\b([APR])(\d{1,2})(?:-\1?(\d{1,2}))?\b")
ENTRY: Final = re.compile(r"^\| ([APR]\d{1,2}) \|(.*)$", re.MULTILINE)
TRAP: Final = re.compile(r"\btrap" + r" [a-z]\b", re.IGNORECASE)


def references(text: str) -> Iterator[str]:
    """The numbers that `text` refers to, ranges (R25-R27) in full."""
    for match in REFERENCE.finditer(text):
        letter, first, last = match.groups()
        width = len(first) if letter == "A" else 0
        yield from (f"{letter}{number:0{width}d}" for number in range(int(first), int(last or first) + 1))


def entries(registers: Iterable[str]) -> dict[str, str]:
    """Number -> the rest of its line."""
    return {match.group(1): match.group(2) for text in registers for match in ENTRY.finditer(text)}


def faults_of(texts: Mapping[str, str], registers: Iterable[str]) -> list[str]:
    """What is wrong between the texts (path -> text) and the registers, a line each."""
    known = entries(registers)
    named: dict[str, str] = {}
    faults = []
    for path, text in texts.items():
        lines = defaultdict(list)
        for line, words in enumerate(text.splitlines(), start=1):
            for number in references(words):
                lines[number].append(line)
            if TRAP.search(words):
                faults.append(f"{path}:{line}: a trap has no register: give the reason")
        named.update(dict.fromkeys(lines, path))
        faults += [
            f"{path}:{lines[number][0]}: {number} has no entry" for number in sorted(lines.keys() - known.keys())
        ]
    faults += [
        f"{number}: nothing refers to it, and it is not marked as {NOT_BUILT.lower()}"
        for number, words in known.items()
        if number not in named and NOT_BUILT not in words
    ]
    return faults


def tree() -> dict[str, str]:
    """The text files of the project, without the registers, this test, and what is generated."""
    paths = [*ROOT.glob("*"), *(path for folder in FOLDERS for path in (ROOT / folder).rglob("*"))]
    texts = {path.relative_to(ROOT).as_posix(): path for path in sorted(paths) if path.suffix in READ}
    apart = {*REGISTERS, *GENERATED, "tests/docs/test_registers.py"}
    return {name: path.read_text(encoding="utf-8") for name, path in texts.items() if name not in apart}


def test_every_reference_has_its_entry_and_every_entry_is_used() -> None:
    texts = tree()

    assert len(texts) > 100
    assert faults_of(texts, [(ROOT / name).read_text(encoding="utf-8") for name in REGISTERS]) == []


REGISTER: Final = "| A01 | Which days? | The statutory ones. | S1 |\n| R7 | One relay. | Order. |\n| R8 | Shards. | Not built yet. |\n"


@pytest.mark.parametrize(
    ("planted", "fault"),
    [
        ("the window closes (A99)", "rules.py:2: A99 has no entry"),
        ("offsets first (R16)", "rules.py:2: R16 has no entry"),
        ("parked by key (R6-R8)", "rules.py:2: R6 has no entry"),
        ("nobody sees it (P9)", "rules.py:2: P9 has no entry"),
        ("the same number twice (" + "trap c)", "rules.py:2: a trap has no register: give the reason"),
    ],
)
def test_a_planted_reference_is_found(planted: str, fault: str) -> None:
    assert faults_of({"rules.py": f"days (A01), relay (R7)\n{planted}\n"}, [REGISTER]) == [fault]


def test_an_entry_that_nothing_refers_to_is_found_unless_it_is_marked() -> None:
    assert faults_of({"rules.py": "days (A01)"}, [REGISTER]) == [
        "R7: nothing refers to it, and it is not marked as not built yet"
    ]


def test_ranges_are_read_in_full() -> None:
    assert [*references("A01-A03, R25-27 and S1.1.4a, A4x, BAR12")] == ["A01", "A02", "A03", "R25", "R26", "R27"]
