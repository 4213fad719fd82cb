"""Where the public evaluation data lie: holiday-cn in tests/data, the others beside the checkout if they are there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def evaluation_file(name: str) -> Path:
    """The file, or a loud skip that says how to provide it; what the project has a copy of is never skipped."""
    if name.startswith("holiday-cn/"):
        return ROOT / "tests" / "data" / name
    outside = (ROOT / os.environ.get("GONGDAN_EVALUATION_DATA", "../shared/data")).resolve()
    if (outside / name).exists():
        return outside / name
    pytest.skip(f"EVALUATION DATA MISSING: {name}; set GONGDAN_EVALUATION_DATA to its folder")
