"""The project's own tree, and copies of it in which a fault may be planted."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
SERVICES: Final = ("intake", "dispatch", "sla", "review", "analytics")

_MODULES: Final = ("api", "handlers", "store", "tables", "rules", "policy", "model", "errors", "__main__")
_KERNEL: Final = ("run", "deps", "service", "web", "inbox", "work", "identity", "outbox", "bus", "db", "contracts")


def sources(*folders: str) -> Iterator[Path]:
    """Every Python file of the given folders, none of a cache."""
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def copy_of_the_tree(target: Path) -> Path:
    """A copy of services/ and shared/ with their contracts; modules that a plant needs and nobody wrote are empty."""
    for folder in ("services", "shared"):
        shutil.copytree(ROOT / folder, target / folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / ".importlinter", target)
    for service in SERVICES:
        if not (ROOT / "services" / service / "record.py").exists():  # a service by layer, not by capability
            for module in ("__init__", *_MODULES):
                _ensure(target, f"services.{service}.{module}")
    for module in (*_KERNEL, "bus.kafka"):
        _ensure(target, f"shared.{module}")
    _ensure(target, "services.__main__")
    return target


def file_of(tree: Path, module: str) -> Path:
    """The file that holds `module` in `tree`, whether it is a module or has grown into a package."""
    path = tree.joinpath(*module.split("."))
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def broken_contracts(tree: Path) -> str:
    """What import-linter says about `tree`; empty when every contract is kept."""
    program = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    told = subprocess.run(
        [sys.executable, "-c", program, "--no-cache"],
        cwd=tree,
        env={**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1", "NO_COLOR": "1", "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    return "" if told.returncode == 0 else told.stdout + told.stderr


def _ensure(tree: Path, module: str) -> None:
    path = file_of(tree, module)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
