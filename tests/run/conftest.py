"""What the tests of starting and stopping share."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that the server's user can reach, also as root."""
    path = Path(tempfile.mkdtemp(prefix="gongdan-test-"))
    path.chmod(0o711)
    yield path
    shutil.rmtree(path, ignore_errors=True)  # the server may still be taking its own files away
