"""The register of clauses agrees with code and tests; and the check that says so finds each kind of fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tools import clauses

ROOT: Final = Path(__file__).resolve().parents[2]
REGISTER: Final = """
[clauses]
"S1.1.4a" = { state = "covered", service = "sla", home = "services/sla", title = "Three working days" }
"S1.1.4b" = { state = "open", service = "sla", title = "Never a lock" }
"S1.1.10" = { state = "open", service = "sla", title = "Sorts after the second" }
"""
CODE: Final = '''
"""Rules."""


def due_at():
    """The end of the third working day (S1.1.4a)."""
'''
TESTS: Final = """
import pytest


@pytest.mark.clause("S1.1.4a")
def test_the_third_day_is_the_last():
    pass
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in which everything agrees."""
    for name, text in {
        "docs/clauses.toml": REGISTER,
        "services/sla/rules.py": CODE,
        "shared/__init__.py": "",
        "tests/sla/test_rules.py": TESTS,
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    assert clauses.main([], tmp_path) == 0
    assert clauses.check(tmp_path) == []
    return tmp_path


def replace(name: str, old: str, new: str) -> Callable[[Path], None]:
    def plant(tree: Path) -> None:
        path = tree / name
        assert old in path.read_text()
        path.write_text(path.read_text().replace(old, new))

    return plant


PLANTED: Final[dict[str, tuple[Callable[[Path], None], str]]] = {
    "a covered clause lost its test": (replace("tests/sla/test_rules.py", "S1.1.4a", "S1.1.4"), "no test"),
    "a covered clause lost its code": (replace("services/sla/rules.py", "S1.1.4a", "S1.1.4"), "no code in its home"),
    "an open clause has a test": (replace("tests/sla/test_rules.py", '"S1.1.4a"', '"S1.1.4a", "S1.1.4b"'), "--flip"),
    "code names an unknown clause": (replace("services/sla/rules.py", "S1.1.4a", "S1.1.4a, S9.9.9z"), "no such clause"),
    "a test names an unknown clause": (replace("tests/sla/test_rules.py", '"S1.1.4a"', '"S1.1.4aa"'), "no such clause"),
    "an unknown state": (replace("docs/clauses.toml", '"covered"', '"done"'), "none of"),
    "the code moved": (replace("services/sla/rules.py", "def due_at", "def deadline"), "make docs"),
    "a title changed": (replace("docs/clauses.toml", "Never a lock", "A state"), "make docs"),
    "the table was edited": (replace("docs/clauses.md", "1 of 3", "3 of 3"), "make docs"),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, tree: Path) -> None:
    plant, complaint = PLANTED[fault]
    plant(tree)

    assert any(complaint in problem for problem in clauses.check(tree))
    assert clauses.main(["--check"], tree) == 1


def test_a_clause_with_code_and_a_test_can_be_flipped(tree: Path) -> None:
    replace("tests/sla/test_rules.py", '"S1.1.4a"', '"S1.1.4a", "S1.1.4b"')(tree)
    replace("services/sla/rules.py", "(S1.1.4a)", "(S1.1.4a-b)")(tree)
    replace("docs/clauses.toml", '"sla", title = "Never', '"sla", home = "services/sla", title = "Never')(tree)

    assert clauses.main(["--flip"], tree) == 0

    assert clauses.register_of(tree)["S1.1.4b"].state == "begun"
    assert clauses.check(tree) == []


def test_clauses_come_in_the_order_of_the_circular(tree: Path) -> None:
    assert [*clauses.register_of(tree)] == ["S1.1.4a", "S1.1.4b", "S1.1.10"]


def test_marks_of_functions_classes_modules_and_parameters_are_found() -> None:
    source = """
pytestmark = [pytest.mark.kafka, pytest.mark.clause("S1.1.1a")]

@pytest.mark.parametrize("x", [pytest.param(1, marks=pytest.mark.clause("S1.1.1b"))])
async def test_one(): ...

@pytest.mark.clause("S1.1.2")
class TestMany:
    @pytest.mark.clause("S1.1.3")
    def test_two(self): ...
"""

    assert set(clauses.marked_tests(source)) == {
        ("S1.1.1a", ""),
        ("S1.1.1b", "::test_one"),
        ("S1.1.2", "::TestMany"),
        ("S1.1.3", "::TestMany::test_two"),
    }


def test_clauses_in_code_belong_to_what_surrounds_them() -> None:
    source = '''
"""The module (X4)."""
WINDOW = Workdays(1, clause="S2.2.1f")

class Case:
    """S1.1.1a"""
    def due(self):
        return 3  # S1.1.4a: not counted
S1 = X2 = None
'''

    assert set(clauses.named_in_code(source)) == {
        ("X4", ""),
        ("S2.2.1f", ":WINDOW"),
        ("S1.1.1a", ":Case"),
        ("S1.1.4a", ":Case.due"),
    }


def test_the_register_agrees_with_code_and_tests() -> None:
    problems = clauses.check(ROOT)

    assert problems == []
