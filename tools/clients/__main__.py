"""python -m tools.clients [install | FOLDER]."""

import sys
from pathlib import Path

from tools.clients.generating import ROOT, compile_typescript, install, python, services, typescript


def main() -> int:
    """The command line; the exit code."""
    asked = sys.argv[1:]
    if asked == ["install"]:
        install()
        return 0
    folder = Path(asked[0]) if asked else ROOT / "var" / "clients"
    folder.mkdir(parents=True, exist_ok=True)
    typescript(folder)
    compile_typescript(folder)
    for service in services():
        python(service, folder)
    print(f"TypeScript types and Python packages of {len(services())} services are in {folder}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
