"""A guard that nobody has seen fail guards nothing: each contract of .importlinter is broken once, in a copy."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import pytest

from tests.architecture.tree import broken_contracts, copy_of_the_tree, file_of

INDEPENDENCE: Final = "No service imports another BROKEN"
LAYERS: Final = "Inside a service, imports point down BROKEN"
FILES_OF_DISPATCH: Final = "Inside a capability of dispatch, imports point down BROKEN"
DISPATCH: Final = "The capabilities of dispatch BROKEN"
UPWARDS: Final = "shared imports no service BROKEN"
SHARED: Final = "Inside shared, imports point down BROKEN"
PURE: Final = "Rules, policies, models, contracts and the calendar do no I/O BROKEN"
ADAPTERS: Final = "Only the entry points choose adapters BROKEN"
KAFKA: Final = "Only the adapter knows Kafka BROKEN"

# what is planted: (module, line, contract that must notice)
PLANTED: Final[Mapping[str, tuple[str, str, str]]] = {
    "a service imports another": ("services.dispatch.orders.handlers", "import services.sla.model", INDEPENDENCE),
    "a service reads another's tables": (
        "services.dispatch.orders.store",
        "from services.intake import tables",
        INDEPENDENCE,
    ),
    "an import inside a function": (
        "services.review.handlers",
        "def late() -> None:\n    import services.dispatch.orders.model",
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
    "rules of returns load": (
        "services.dispatch.returns.rules",
        "import services.dispatch.returns.store",
        FILES_OF_DISPATCH,
    ),
    "orders use what comes after them": (
        "services.dispatch.orders.handlers",
        "import services.dispatch.closing.rules",
        DISPATCH,
    ),
    "policy knows the database": ("services.dispatch.rulesets.policy", "import sqlalchemy", PURE),
    "rules reach the database in two steps": ("services.dispatch.returns.rules", "import shared.outbox", PURE),
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
