"""A guard that nobody has seen fail guards nothing: each contract of .importlinter is broken once, in a copy."""

import ast
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tree import broken_contracts, copy_of_the_tree, file_of

INDEPENDENCE: Final = "No service imports another BROKEN"
LAYERS: Final = "Inside a service, imports point down BROKEN"
UPWARDS: Final = "shared imports no service BROKEN"
SHARED: Final = "Inside shared, imports point down BROKEN"
PURE: Final = "Rules, policies, models, contracts and the calendar do no I/O BROKEN"
ADAPTERS: Final = "Only the entry points choose adapters BROKEN"
KAFKA: Final = "Only the adapter knows Kafka BROKEN"

# what is planted: (module, line, contract that must notice)
PLANTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "a service imports another": ("services.dispatch.handlers", "import services.sla.model", INDEPENDENCE),
    "a service reads another's tables": ("services.dispatch.store", "from services.intake import tables", INDEPENDENCE),
    "an import inside a function": (
        "services.review.handlers",
        "def late() -> None:\n    import services.dispatch.model",
        INDEPENDENCE,
    ),
    "an import for types only": (
        "services.analytics.handlers",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import services.review.model",
        INDEPENDENCE,
    ),
    "rules load": ("services.sla.rules", "import services.sla.store", LAYERS),
    "policy knows rules": ("services.sla.policy", "import services.sla.rules", LAYERS),
    "handlers know HTTP": ("services.intake.handlers", "import services.intake.api", LAYERS),
    "a file without a place": ("services.intake.utils", "", LAYERS),
    "policy knows the database": ("services.dispatch.policy", "import sqlalchemy", PURE),
    "rules reach the database in two steps": ("services.dispatch.rules", "import shared.outbox", PURE),
    "rules read the clock": ("services.sla.rules", "import shared.clock", PURE),
    "rules read the machine's time": ("services.sla.rules", "import time", PURE),
    "contracts do I/O": ("shared.contracts.intake", "import os", PURE),
    "the kernel knows a service": ("shared.errors", "import services.intake.model", UPWARDS),
    "the bus knows what a service is": ("shared.bus", "import shared.service", SHARED),
    "contracts know the database": ("shared.contracts", "import shared.db", SHARED),
    "a kernel file without a place": ("shared.helpers", "", SHARED),
    "a handler speaks Kafka": ("services.intake.handlers", "import aiokafka", KAFKA),
    "a handler chooses an adapter": ("services.intake.handlers", "import shared.run", ADAPTERS),
}


@dataclass(frozen=True)
class Planted:
    """What each fault must leave in the words of its contract, and those words."""

    traces: Mapping[str, str]
    said: Mapping[str, str]


@pytest.fixture(scope="module")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> str:
    """What import-linter says of a copy in which nothing was planted."""
    return broken_contracts(copy_of_the_tree(tmp_path_factory.mktemp("untouched")))


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> Planted:
    """A copy in which everything was planted, and what import-linter says of it, by contract."""
    tree = copy_of_the_tree(tmp_path_factory.mktemp("planted"))
    traces = {fault: plant(tree, module, line) for fault, (module, line, _) in PLANTED.items()}
    return Planted(traces, sections(broken_contracts(tree)))


def plant(tree: Path, module: str, line: str) -> str:
    """Put `line` at the end of `module`; how import-linter names what is wrong there."""
    path = file_of(tree, module)
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}\n{line}\n")
    imports = [node for node in ast.walk(ast.parse(line)) if isinstance(node, ast.Import | ast.ImportFrom)]
    if imports:
        last = max(imports, key=lambda node: node.lineno)
        name = f"{last.module}.{last.names[0].name}" if isinstance(last, ast.ImportFrom) else last.names[0].name
        return f"{module} -> {name} (l.{before.count(chr(10)) + 1 + last.lineno})"
    return f"\n- {module}\n"


def sections(said: str) -> Mapping[str, str]:
    """The words about each broken contract, by its name underlined with dashes."""
    parts = re.split(r"^(.+)\n-{3,}$", said, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def test_the_tree_keeps_every_contract(untouched: str) -> None:
    assert untouched == ""


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_violation_is_found(fault: str, planted: Planted) -> None:
    contract = PLANTED[fault][2].removesuffix(" BROKEN")

    assert planted.traces[fault] in planted.said[contract]
