"""A guard that nobody has seen fail guards nothing: each contract of .importlinter is broken once, in a copy."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
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


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    """What import-linter says of the untouched copy and of each planted one; two at a time, a copy each."""

    def of(fault: str) -> str:
        tree = copy_of_the_tree(tmp_path_factory.mktemp("tree"))
        if fault:
            _plant(tree, *PLANTED[fault][:2])
        return broken_contracts(tree)

    faults = ("", *PLANTED)
    with ThreadPoolExecutor(2) as pool:
        return dict(zip(faults, pool.map(of, faults), strict=True))


def _plant(tree: Path, module: str, line: str) -> None:
    path = file_of(tree, module)
    before = path.read_text() if path.exists() else ""
    path.write_text(f"{before}\n{line}\n")


def test_the_tree_keeps_every_contract(findings: Mapping[str, str]) -> None:
    assert findings[""] == ""


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_violation_is_found(fault: str, findings: Mapping[str, str]) -> None:
    assert PLANTED[fault][2] in findings[fault]
