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
UPWARDS: Final = "shared imports no service BROKEN"
SHARED: Final = "Inside shared, imports point down BROKEN"
PURE: Final = "Rules, policies, models, contracts and the calendar do no I/O BROKEN"
ADAPTERS: Final = "Only the entry points choose adapters BROKEN"
KAFKA: Final = "Only the adapter knows Kafka BROKEN"


def files_of(service: str) -> str:
    """What is said when a file of a capability imports upwards."""
    return f"Inside a capability of {service}, imports point down BROKEN"


def sequence_of(service: str) -> str:
    """What is said when a capability uses a later one."""
    return f"The capabilities of {service} BROKEN"


# what is planted: (module, line, contract that must notice)
PLANTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "a service imports another": (
        "services.dispatch.orders.handlers",
        "import services.sla.clocks.model",
        INDEPENDENCE,
    ),
    "a service reads another's tables": (
        "services.dispatch.orders.store",
        "from services.intake.orders import tables",
        INDEPENDENCE,
    ),
    "an import inside a function": (
        "services.review.rounds.handlers",
        "def late() -> None:\n    import services.dispatch.orders.model",
        INDEPENDENCE,
    ),
    "an import for types only": (
        "services.analytics.figures.handlers",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import services.review.rounds.model",
        INDEPENDENCE,
    ),
    "rules of intake load": (
        "services.intake.quarantine.model",
        "import services.intake.quarantine.store",
        files_of("intake"),
    ),
    "handlers of intake know HTTP": (
        "services.intake.orders.handlers",
        "import services.intake.orders.api",
        files_of("intake"),
    ),
    "orders of intake use feedback": (
        "services.intake.orders.handlers",
        "import services.intake.feedback.store",
        sequence_of("intake"),
    ),
    "a file of intake without a place": ("services.intake.utils", "", sequence_of("intake")),
    "rules of returns load": (
        "services.dispatch.returns.rules",
        "import services.dispatch.returns.store",
        files_of("dispatch"),
    ),
    "a file of returns without a place": ("services.dispatch.returns.pieces", "", files_of("dispatch")),
    "orders of dispatch use what comes after them": (
        "services.dispatch.orders.handlers",
        "import services.dispatch.closing.rules",
        sequence_of("dispatch"),
    ),
    "rules of clocks load": ("services.sla.clocks.rules", "import services.sla.clocks.store", files_of("sla")),
    "the model of counting knows rules": (
        "services.sla.counting.model",
        "import services.sla.counting.rules",
        files_of("sla"),
    ),
    "clocks use what comes after them": (
        "services.sla.clocks.handlers",
        "import services.sla.firing.model",
        sequence_of("sla"),
    ),
    "rules of rounds load": (
        "services.review.rounds.rules",
        "import services.review.rounds.store",
        files_of("review"),
    ),
    "checks use rounds": ("services.review.checks.rules", "import services.review.rounds.model", sequence_of("review")),
    "a file of review without a place": ("services.review.handlers", "", sequence_of("review")),
    "handlers of rebuilds know HTTP": (
        "services.analytics.rebuilds.handlers",
        "import services.analytics.rebuilds.api",
        files_of("analytics"),
    ),
    "rebuilds use the table of contents": (
        "services.analytics.rebuilds.handlers",
        "import services.analytics.service",
        sequence_of("analytics"),
    ),
    "rules know the database": ("services.analytics.figures.rules", "import sqlalchemy", PURE),
    "policy knows the database": ("services.dispatch.rulesets.policy", "import sqlalchemy", PURE),
    "rules reach the database in two steps": ("services.dispatch.returns.rules", "import shared.outbox", PURE),
    "rules read the clock": ("services.sla.counting.rules", "import shared.clock", PURE),
    "rules read the machine's time": ("services.sla.clocks.rules", "import time", PURE),
    "contracts do I/O": ("shared.contracts.intake", "import os", PURE),
    "the kernel knows a service": ("shared.errors", "import services.intake.orders.model", UPWARDS),
    "the bus knows what a service is": ("shared.bus", "import shared.service", SHARED),
    "contracts know the database": ("shared.contracts", "import shared.db", SHARED),
    "a kernel file without a place": ("shared.helpers", "", SHARED),
    "a handler speaks Kafka": ("services.intake.feedback.handlers", "import aiokafka", KAFKA),
    "a handler chooses an adapter": ("services.intake.feedback.handlers", "import shared.run", ADAPTERS),
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
