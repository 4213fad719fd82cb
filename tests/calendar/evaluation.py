"""Where the public evaluation data lie: in tests/data if the project has a copy, else beside the checkout if present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def evaluation_file(name: str) -> Path:
    """The file, or a loud skip that says how to provide it."""
    outside = ROOT / os.environ.get("GONGDAN_EVALUATION_DATA", "../shared/data")
    for folder in (ROOT / "tests" / "data", outside.resolve()):
        if (folder / name).exists():
            return folder / name
    pytest.skip(f"EVALUATION DATA MISSING: {name}; set GONGDAN_EVALUATION_DATA to its folder")
