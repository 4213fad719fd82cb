"""Each clause has one home: it exists, its code names the clause, and the table shows it first."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

from tools import clauses

REGISTER: Final = """
[clauses]
"S2.2.1f" = { state = "covered", service = "dispatch", home = "services/dispatch/returns", title = "One working day" }
"S2.2.1g" = { state = "open", service = "dispatch", title = "Four parts" }
"X2" = { state = "begun", service = "all", home = "shared/personal", title = "Personal data is sealed" }
"X4" = { state = "begun", service = "all", home = "shared/clock.py", title = "Time is injected" }
"""
RULES: Final = '''
def check_return():
    """Inside the window (S2.2.1f)."""
'''
TESTS: Final = """
import pytest


@pytest.mark.clause("S2.2.1f", "X2", "X4")
def test_all():
    pass
"""
FILES: Final = {
    "docs/clauses.toml": REGISTER,
    "services/dispatch/returns/rules.py": RULES,
    "services/dispatch/returns/errors.py": 'class WindowClosed(Exception):\n    """S2.2.1f"""\n',
    "services/dispatch/migrations/versions/0001.py": 'WINDOW = "S2.2.1f"\n',
    "services/sla/clocks/rules.py": 'WINDOW = "S2.2.1f"\n',
    "shared/personal/sealing.py": 'class Sealer:\n    """X2"""\n',
    "shared/clock.py": 'class Clock:\n    """X4"""\n',
    "tests/dispatch/test_returns.py": TESTS,
}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A small tree in which everything agrees."""
    for name, text in FILES.items():
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


def lives(tree: Path, clause: str) -> str:
    (line,) = [line for line in (tree / clauses.TABLE).read_text().splitlines() if line.startswith(f"| {clause} ")]
    return line.split(" | ")[3]


PLANTED: Final[dict[str, tuple[Callable[[Path], None], str]]] = {
    "the home is gone": (
        replace("docs/clauses.toml", "services/dispatch/returns", "services/dispatch/refunds"),
        "S2.2.1f: its home services/dispatch/refunds does not exist",
    ),
    "no code at home names the clause, only code elsewhere": (
        replace("docs/clauses.toml", "services/dispatch/returns", "shared/personal"),
        "S2.2.1f: no code in its home shared/personal names it",
    ),
    "a migration is no home": (
        replace("docs/clauses.toml", "services/dispatch/returns", "services/dispatch/migrations"),
        "S2.2.1f: no code in its home services/dispatch/migrations names it",
    ),
    "a folder whose name only begins alike is another": (
        replace("docs/clauses.toml", "shared/personal", "shared/person"),
        "X2: its home shared/person does not exist",
    ),
    "a begun clause names no home": (
        replace("docs/clauses.toml", 'home = "shared/personal", ', ""),
        "X2: begun, but docs/clauses.toml names no home",
    ),
    "an open clause names a home that is not there": (
        replace("docs/clauses.toml", '"dispatch", title = "Four', '"dispatch", home = "services/x", title = "Four'),
        "S2.2.1g: its home services/x does not exist",
    ),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_fault_is_found(fault: str, tree: Path) -> None:
    plant, complaint = PLANTED[fault]
    plant(tree)

    assert complaint in clauses.check(tree)
    assert clauses.main(["--check"], tree) == 1


def test_the_home_stands_first_then_its_rules_and_handlers_and_nothing_else(tree: Path) -> None:
    assert lives(tree, "S2.2.1f") == "`services/dispatch/returns`<br>`rules.py:check_return`"


def test_a_home_without_rules_and_handlers_shows_what_names_the_clause(tree: Path) -> None:
    assert lives(tree, "X2") == "`shared/personal`<br>`sealing.py:Sealer`"


def test_a_home_may_be_one_file(tree: Path) -> None:
    assert lives(tree, "X4") == "`shared/clock.py`<br>`Clock`"


def test_an_open_clause_needs_no_home(tree: Path) -> None:
    assert lives(tree, "S2.2.1g") == ""


def test_a_clause_is_not_flipped_by_code_outside_its_home(tree: Path) -> None:
    replace("services/sla/clocks/rules.py", "S2.2.1f", "S2.2.1g")(tree)
    replace("tests/dispatch/test_returns.py", '"X2"', '"X2", "S2.2.1g"')(tree)

    clauses.main(["--flip"], tree)

    assert clauses.register_of(tree)["S2.2.1g"].state == "open"
