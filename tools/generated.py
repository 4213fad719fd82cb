"""A generated document: written, or compared with what stands in the tree."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]


def write_or_check(document: str, text: str, arguments: Sequence[str]) -> int:
    """Write `text` to the document, a path below the root; with `--check` only compare. The exit code."""
    path = ROOT / document
    if "--check" not in arguments:
        path.write_text(text, encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return 0
    print(f"{document} is not what the code says: run `make docs`", file=sys.stderr)
    return 1
