"""Where the public evaluation data lies, if it is present beside the checkout."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def evaluation_file(name: str) -> Path:
    """The file, or a loud skip that says how to provide it."""
    folder = (ROOT / os.environ.get("GONGDAN_EVALUATION_DATA", "../shared/data")).resolve()
    path = folder / name
    if not path.exists():
        pytest.skip(f"EVALUATION DATA MISSING: {name}; set GONGDAN_EVALUATION_DATA to its folder")
    return path
