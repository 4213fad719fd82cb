"""One word per term: the glossary's second words are no identifiers, and its first words are real."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from shared.identity import Role

ROOT: Final = Path(__file__).resolve().parents[2]
GLOSSARY: Final = (ROOT / "docs" / "glossary.md").read_text()
PINYIN: Final = frozenset(
    [
        "gongdan",
        "jiaoban",
        "chengban",
        "banli",
        "banjie",
        "huitui",
        "huifang",
        "fankui",
        "duban",
        "yuetan",
        "yanqi",
        "cuiban",
        "shouli",
        "yanpan",
        "doudi",
        "chexiao",
        "suqiu",
        "danwei",
        "jiedao",
        "shenhe",
        "qianshou",
        "paidan",
    ]
)
# The project's own name is the one word of pinyin: in names of databases, cookies and metrics.
ALLOWED: Final = frozenset({"gongdan"})


def rows() -> Iterator[list[str]]:
    for line in GLOSSARY.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if line.startswith("|") and len(cells) == 5 and cells[0] not in {"中文", "---"}:
            yield cells


def never() -> set[tuple[str, ...]]:
    return {tuple(word.strip().split("_")) for row in rows() for word in row[2].split(",") if word.strip()}


def identifiers(source: str) -> Iterator[tuple[str, int]]:
    """The names that `source` gives to things itself, with their lines; what libraries call things is theirs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id, node.lineno
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr, node.lineno


def words_of(identifier: str) -> tuple[str, ...]:
    return tuple(re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", identifier).lower().strip("_").split("_"))


def faults_of(source: str) -> list[str]:
    """The identifiers of `source` that say something in a second word."""
    banned = never() | {(word,) for word in PINYIN - ALLOWED}
    found = []
    for identifier, line in identifiers(source):
        words = words_of(identifier)
        for phrase in banned:
            plural = (*phrase[:-1], phrase[-1] + "s")
            if any(words[at : at + len(phrase)] in {phrase, plural} for at in range(len(words))):
                found.append(f"{line}: {identifier} ({' '.join(phrase)})")
    return found


def test_the_code_says_every_thing_in_one_word() -> None:
    faults = [
        f"{path.relative_to(ROOT)}:{fault}"
        for folder in ("services", "shared")
        for path in sorted((ROOT / folder).rglob("*.py"))
        for fault in faults_of(path.read_text())
    ]

    assert faults == []


@pytest.mark.parametrize(
    "source",
    [
        "def ticket(): ...",
        "class WorkOrder: ...",
        "def load(work_order_id): ...",
        "dept = 1",
        "self.depts = 1",
        "for huitui in []: ...",
        "async def follow_up(): ...",
        "class ReturnVisit: ...",
    ],
)
def test_a_second_word_is_found(source: str) -> None:
    assert faults_of(source) != []


@pytest.mark.parametrize(
    "source", ["def order(): ...", "task.add_done_callback(f)", "class Gongdan: ...", "reordered = 1"]
)
def test_what_is_no_second_word_is_left_alone(source: str) -> None:
    assert faults_of(source) == []


def test_every_word_that_is_seen_in_the_code_is_there() -> None:
    code = "\n".join(path.read_text() for folder in ("services", "shared") for path in (ROOT / folder).rglob("*.py"))
    missing = [word for row in rows() for word in re.findall(r"`([^`]+)`", row[3]) if word not in code]

    assert missing == []


def test_no_term_stands_twice_and_no_first_word_is_a_second_one() -> None:
    terms = [row[0] for row in rows()]
    first = {tuple(word.strip().lower().split()) for row in rows() for word in re.split(r"[,:]", row[1])}

    assert len(terms) == len(set(terms))
    assert first & never() == set()


def test_every_role_has_its_chinese_title() -> None:
    assert [role for role in Role if role is not Role.SYSTEM and f"| `{role}` |" not in GLOSSARY] == []
