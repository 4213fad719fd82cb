"""The shape of a service: capabilities, and in each of them the same few files (section 7 of the design)."""

import ast
import configparser
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tree import ROOT, SERVICES

TOP_FILES: Final = {"service.py", "settings.py", "record.py", "__init__.py", "__main__.py"}
CAPABILITY_FILES: Final = {
    "api.py",
    "jobs.py",
    "schemas.py",
    "handlers.py",
    "store.py",
    "clients.py",
    "tables.py",
    "rules.py",
    "policy.py",
    "model.py",
    "errors.py",
}
CATCH_ALLS: Final = {
    "pieces.py",
    "parts.py",
    "words.py",
    "notices.py",
    "utils.py",
    "helpers.py",
    "common.py",
    "base.py",
    "misc.py",
}
"""Names that say nothing of what is inside, so that anything ends up there."""
MOST_LINES: Final = 420


def service_of(name: str) -> Path:
    return ROOT / "services" / name


def folders_in(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_dir() and path.name != "__pycache__")


def capabilities_of(service: str) -> list[Path]:
    return [folder for folder in folders_in(service_of(service)) if folder.name != "migrations"]


def files_of_capabilities(service: str) -> Iterator[Path]:
    for capability in capabilities_of(service):
        yield from sorted(path for path in capability.rglob("*") if path.is_file() and path.suffix != ".pyc")


def shown(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def listed(contract: str, option: str) -> list[str]:
    """The lines of an option of the contract with this name."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    (section,) = [one for one in parser.sections() if parser[one].get("name") == contract]
    return parser[section][option].split()


@pytest.mark.parametrize("service", SERVICES)
def test_on_top_of_a_service_stand_its_contents_and_its_capabilities(service: str) -> None:
    strangers = {path.name for path in service_of(service).iterdir() if path.is_file()} - TOP_FILES

    assert strangers == set()
    assert {"__init__.py", "__main__.py", "record.py", "service.py"} <= {
        path.name for path in service_of(service).iterdir()
    }
    assert capabilities_of(service) != []


@pytest.mark.parametrize("service", SERVICES)
def test_a_capability_has_only_the_files_that_have_a_place(service: str) -> None:
    folders = [shown(folder) for capability in capabilities_of(service) for folder in folders_in(capability)]
    known = {*CAPABILITY_FILES, "__init__.py"}
    strangers = [shown(path) for path in files_of_capabilities(service) if path.name not in known]

    assert (folders, strangers) == ([], [])


@pytest.mark.parametrize("service", SERVICES)
def test_no_capability_is_empty(service: str) -> None:
    empty = [
        shown(capability)
        for capability in capabilities_of(service)
        if CAPABILITY_FILES.isdisjoint(path.name for path in capability.iterdir())
    ]

    assert empty == []


@pytest.mark.parametrize("service", SERVICES)
def test_an_init_file_is_empty_but_for_its_docstring(service: str) -> None:
    # What is imported by way of an __init__ has two names, and its folder hides what it depends on.
    offenders = [
        shown(path)
        for path in sorted(service_of(service).rglob("__init__.py"))
        if not all(
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            for statement in ast.parse(path.read_text()).body
        )
    ]

    assert offenders == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_file_has_a_name_that_says_nothing(service: str) -> None:
    offenders = [shown(path) for path in sorted(service_of(service).rglob("*.py")) if path.name in CATCH_ALLS]

    assert offenders == []


@pytest.mark.parametrize("service", SERVICES)
def test_a_file_of_a_capability_is_about_one_topic(service: str) -> None:
    # Longer files were about two topics whenever somebody looked.
    lengths = {shown(path): len(path.read_text().splitlines()) for path in files_of_capabilities(service)}

    assert {path: length for path, length in lengths.items() if length > MOST_LINES} == {}


@pytest.mark.parametrize("service", SERVICES)
def test_every_capability_is_under_both_import_contracts(service: str) -> None:
    capabilities = [capability.name for capability in capabilities_of(service)]
    containers = listed(f"Inside a capability of {service}, imports point down", "containers")
    # A layer may be in brackets, which allows it to be missing, and two may stand side by side.
    layers = {name.strip("()") for name in listed(f"The capabilities of {service}", "layers")} - {"|", ":"}

    assert sorted(containers) == sorted(f"services.{service}.{name}" for name in capabilities)
    assert sorted(layers - {"service", "record", "settings"}) == sorted(capabilities)


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("kind", ["rules", "policy", "model"])
def test_what_is_pure_is_under_the_contract_for_it(service: str, kind: str) -> None:
    pure = listed("Rules, policies, models, contracts and the calendar do no I/O", "source_modules")

    assert {f"services.{service}.*.{kind}", f"services.*.*.{kind}"} & set(pure)
