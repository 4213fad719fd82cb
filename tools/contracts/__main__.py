"""python -m tools.contracts [--check]."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from tools.contracts.compatibility import breaks, promised
from tools.contracts.documents import FOLDER, documents, written_documents

ROOT: Final = Path(__file__).resolve().parents[2]


def drift(root: Path) -> list[str]:
    """Where contracts/ differs from the code, a line each."""
    generated, written = documents(), written_documents(root)
    return [
        f"{FOLDER}/{path} is not what the code says: run `make contracts`"
        for path in sorted({*generated, *written})
        if generated.get(path) != written.get(path)
    ]


def broken_promises(root: Path) -> list[str]:
    """Where the code breaks what an earlier commit promised, a line each."""
    now = documents()
    return [
        f"{fault} (since {commit}); add the new form as V2 beside it"
        for commit, then in promised(root)
        for fault in breaks(then, now)
    ]


def write(root: Path) -> None:
    """Write contracts/ from the code; a document that the code no longer has is deleted."""
    generated = documents()
    for path in set(written_documents(root)) - set(generated):
        (root / FOLDER / path).unlink()
    for path, text in generated.items():
        target = root / FOLDER / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)


def main(arguments: Sequence[str] | None = None, root: Path = ROOT) -> int:
    """The command line; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.contracts", description="The contracts as documents")
    parser.add_argument("--check", action="store_true", help="change nothing, report differences and broken promises")
    options = parser.parse_args(arguments)
    if not options.check:
        write(root)
    problems = [*drift(root), *broken_promises(root)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems and options.check else 0


if __name__ == "__main__":
    sys.exit(main())
