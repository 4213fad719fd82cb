"""The register of clauses: the home of each clause of the circular in the code, and the tests that show it.

    python -m tools.clauses            write docs/clauses.md
    python -m tools.clauses --flip     and set open and begun by whether there are both code at home and a test
    python -m tools.clauses --check    change nothing; exit 1 when the register, the code and the tests disagree

A clause that is begun or covered has one home: the folder (or file) whose code answers for it. Code names a clause by
its id in a docstring, a comment or a string (`clause="S2.2.1f"`, ranges as `S2.2.3d-f`); a test by
`@pytest.mark.clause("S2.2.1f")` on itself, on its class, or in the module's `pytestmark`. Code outside the home may name
the clause too; the table leaves that out. Migrations record the past, so what they name does not count.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
REGISTER: Final = "docs/clauses.toml"
TABLE: Final = "docs/clauses.md"
STATES: Final = ("open", "begun", "covered")

# The modules of a home that the table lists; a home without one of them is listed whole.
_SHOWN: Final = frozenset({"rules", "handlers"})

# Anything may follow the numbers, so that a misspelt id (S1.1.4aa) is reported. Chinese may stand directly beside an id.
_ID: Final = re.compile(r"(?<![A-Za-z0-9_.])(S[1-9](?:\.\d+)+[A-Za-z0-9_]*|X[1-9])(?:-([a-z]))?(?![A-Za-z0-9_])")
_KNOWN_FORM: Final = re.compile(r"S[1-9](\.\d+)+[a-z]?|X[1-9]")
_TEXT: Final = frozenset(
    code
    for name in ("STRING", "COMMENT", "FSTRING_MIDDLE")
    if (code := getattr(tokenize, name, None)) is not None  # f-strings are tokens of their own from Python 3.12 on
)


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of the register; only an open clause may lack a home."""

    id: str
    title: str
    service: str
    state: str
    home: str = ""


@dataclass(frozen=True, slots=True)
class Findings:
    """Where the clauses are named: id -> places, sorted, each once."""

    code: Mapping[str, Sequence[str]]
    tests: Mapping[str, Sequence[str]]


def register_of(root: Path) -> dict[str, Clause]:
    """The clauses of docs/clauses.toml by id, in the order of the circular."""
    entries = tomllib.loads((root / REGISTER).read_text())["clauses"]
    clauses = {key: Clause(id=key, **value) for key, value in entries.items()}
    return dict(sorted(clauses.items(), key=lambda item: _order(item[0])))


def find(root: Path) -> Findings:
    """All places of code and all tests that name a clause; migrations are left out."""
    code: dict[str, set[str]] = defaultdict(set)
    tests: dict[str, set[str]] = defaultdict(set)
    for folder in ("services", "shared"):
        for path in sorted((root / folder).rglob("*.py")):
            if "migrations" in path.relative_to(root).parts:
                continue
            for clause, name in named_in_code(path.read_text()):
                code[clause].add(f"{path.relative_to(root)}{name}")
    for path in sorted((root / "tests").rglob("test_*.py")):
        for clause, name in marked_tests(path.read_text()):
            tests[clause].add(f"{path.relative_to(root)}{name}")
    return Findings(
        {clause: sorted(places) for clause, places in code.items()},
        {clause: sorted(places) for clause, places in tests.items()},
    )


def named_in_code(source: str) -> Iterator[tuple[str, str]]:
    """(clause, ":qualified name" or "" for the module) of every id in the strings and comments of `source`."""
    spans = list(_spans(ast.parse(source)))
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type not in _TEXT:
            continue
        for offset, line in enumerate(token.string.splitlines()):
            for clause in _ids(line):
                yield clause, _owner(spans, token.start[0] + offset)


def marked_tests(source: str) -> Iterator[tuple[str, str]]:
    """(clause, "::test name", or "" for the whole module) of every `pytest.mark.clause` in `source`."""
    module = ast.parse(source)
    for node in module.body:
        if isinstance(node, ast.Assign) and any(getattr(t, "id", "") == "pytestmark" for t in node.targets):
            yield from ((clause, "") for clause in _marks(node.value))
    yield from _marked_in(module, "")


def at_home(entry: Clause, found: Findings) -> list[str]:
    """The places inside the clause's home that name it, sorted."""
    home = PurePosixPath(entry.home)
    return [
        place
        for place in found.code.get(entry.id, ())
        if entry.home and PurePosixPath(place.partition(":")[0]).is_relative_to(home)
    ]


def problems_of(root: Path, register: Mapping[str, Clause], found: Findings) -> list[str]:
    """What is wrong between register, code and tests, a line each."""
    problems = []
    for clause in sorted({*found.code, *found.tests} - {*register}, key=_order):
        # A section (S2.2.1) may be named; an unknown clause may not.
        if not _is_section(clause, register):
            places = ", ".join([*found.code.get(clause, ()), *found.tests.get(clause, ())])
            problems.append(f"{clause}: no such clause in {REGISTER}, but named in {places}")
    for clause, entry in register.items():
        if entry.state not in STATES:
            problems.append(f"{clause}: state {entry.state!r} is none of {', '.join(STATES)}")
        elif entry.state != "open" and not found.tests.get(clause):
            problems.append(f"{clause}: {entry.state}, but no test is marked with it")
        elif entry.state == "open" and found.tests.get(clause):
            problems.append(
                f"{clause}: open, but has tests ({found.tests[clause][0]}, ...): `python -m tools.clauses --flip`, or unmark them"
            )
        problems += _problems_of_home(root, entry, found)
    return problems


def _problems_of_home(root: Path, entry: Clause, found: Findings) -> Iterator[str]:
    if not entry.home:
        if entry.state != "open":
            yield f"{entry.id}: {entry.state}, but {REGISTER} names no home"
    elif not (root / entry.home).exists():
        yield f"{entry.id}: its home {entry.home} does not exist"
    elif not at_home(entry, found):
        yield f"{entry.id}: no code in its home {entry.home} names it"


def table_of(register: Mapping[str, Clause], found: Findings) -> str:
    """docs/clauses.md."""
    covered = sum(entry.state == "covered" for entry in register.values())
    lines = [
        "# Clauses",
        "",
        "<!-- Generated by `make docs` from docs/clauses.toml, the code and the tests. Do not edit. -->",
        "",
        f"{covered} of {len(register)} clauses are covered: tests show all of them. What is begun has code and tests for a",
        'part. The column "Where it lives" gives the home of a clause, then the rules and handlers in it that name the',
        "clause, each by its file below the home.",
        "",
        "| Clause | What it demands | Service | Where it lives | Shown by | State |",
        "|---|---|---|---|---|---|",
    ]
    for clause, entry in register.items():
        lives, shown = _cell(_lives(entry, found)), _cell(found.tests.get(clause, ()))
        lines.append(f"| {clause} | {entry.title} | {entry.service} | {lives} | {shown} | {entry.state} |")
    return "\n".join(lines) + "\n"


def flip(root: Path, register: Mapping[str, Clause], found: Findings) -> list[str]:
    """Set every clause in the register's file that is not covered to begun or open, as code at home and tests say; their ids.

    Never to covered: a person decides whether the tests show all of a clause.
    """
    changed = []
    text = (root / REGISTER).read_text()
    for clause, entry in register.items():
        state = "begun" if at_home(entry, found) and found.tests.get(clause) else "open"
        if entry.state not in {"covered", state}:
            text = text.replace(f'"{clause}" = {{ state = "{entry.state}"', f'"{clause}" = {{ state = "{state}"')
            changed.append(f"{clause} {state}")
    (root / REGISTER).write_text(text)
    return changed


def check(root: Path) -> list[str]:
    """All problems that `--check` reports."""
    register, found = register_of(root), find(root)
    problems = problems_of(root, register, found)
    written = root / TABLE
    if not written.exists() or written.read_text() != table_of(register, found):
        problems.append(f"{TABLE} is not what the code and tests say: run `make docs`")
    return problems


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.clauses", description="The register of clauses")
    parser.add_argument("--check", action="store_true", help="change nothing, report what disagrees")
    parser.add_argument("--flip", action="store_true", help="set open and begun by what code and tests there are")
    options = parser.parse_args(arguments)
    if options.check:
        problems = check(root)
        for problem in problems:
            print(problem, file=sys.stderr)
        return 1 if problems else 0
    found = find(root)
    if options.flip:
        print("now:", ", ".join(flip(root, register_of(root), found)) or "nothing new")
    register = register_of(root)
    (root / TABLE).write_text(table_of(register, found))
    for problem in problems_of(root, register, found):
        print(problem, file=sys.stderr)
    return 0


def _order(clause: str) -> tuple[object, ...]:
    """The sort key of an id: S1.1.2 before S1.1.10, anything else last."""
    if _KNOWN_FORM.fullmatch(clause) is None:
        return ("~", clause)
    number, letter = (clause[:-1], clause[-1]) if clause[-1].isalpha() else (clause, "")
    return (clause[0], *(int(part) for part in number[1:].split(".")), letter)


def _is_section(clause: str, register: Mapping[str, Clause]) -> bool:
    return any(known.startswith(clause) and not known[len(clause)].isdigit() for known in register if known != clause)


def _ids(text: str) -> Iterator[str]:
    for match in _ID.finditer(text):
        first, last = match.group(1), match.group(2)
        if last is None or not first[-1].isalpha():
            yield first
        else:
            yield from (first[:-1] + chr(letter) for letter in range(ord(first[-1]), ord(last) + 1))


def _spans(module: ast.Module, prefix: str = "") -> Iterator[tuple[int, int, str]]:
    for node in ast.iter_child_nodes(module):
        yield from _span(node, prefix)


def _span(node: ast.AST, prefix: str) -> Iterator[tuple[int, int, str]]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        name = f"{prefix}{node.name}"
        first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
        yield first, node.end_lineno or node.lineno, name
        for child in node.body:
            yield from _span(child, f"{name}.")
    elif isinstance(node, ast.Assign | ast.AnnAssign) and not prefix:
        target = node.targets[0] if isinstance(node, ast.Assign) else node.target
        if isinstance(target, ast.Name):
            yield node.lineno, node.end_lineno or node.lineno, target.id


def _owner(spans: Sequence[tuple[int, int, str]], line: int) -> str:
    owners = [(last - first, name) for first, last, name in spans if first <= line <= last]
    return f":{min(owners)[1]}" if owners else ""


def _marked_in(parent: ast.Module | ast.ClassDef, prefix: str) -> Iterator[tuple[str, str]]:
    for node in parent.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{prefix}::{node.name}"
            for decorator in node.decorator_list:
                yield from ((clause, name) for clause in _marks(decorator))
            if isinstance(node, ast.ClassDef):
                yield from _marked_in(node, name)


def _marks(node: ast.AST) -> Iterator[str]:
    for call in ast.walk(node):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute) or call.func.attr != "clause":
            continue
        for argument in call.args:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                # Taken whole when it is not an id, so that a misspelt id is reported.
                yield from list(_ids(argument.value)) or [argument.value]


def _lives(entry: Clause, found: Findings) -> list[str]:
    """The home, then what in it names the clause, by its path below the home: rules and handlers, where there are any."""
    home = PurePosixPath(entry.home)
    named = []
    for place in at_home(entry, found):
        file, _, name = place.partition(":")
        path = PurePosixPath(file).relative_to(home)
        if name:
            named.append((path, name))
    shown = [
        (path, name) for path, name in named if _SHOWN.intersection(part.removesuffix(".py") for part in path.parts)
    ] or named
    return [*([entry.home] if entry.home else []), *(f"{path}:{name}" if path.parts else name for path, name in shown)]


def _cell(places: Sequence[str]) -> str:
    return "<br>".join(f"`{place}`" for place in places)


if __name__ == "__main__":
    sys.exit(main())
