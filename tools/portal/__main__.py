"""python -m tools.portal install | build | check."""

import sys

from tools import node
from tools.portal.building import FOLDER, build, check


def main() -> int:
    """The command line; the exit code."""
    match sys.argv[1:]:
        case ["install"]:
            node.install(FOLDER)
        case ["build"]:
            build()
        case ["check"]:
            return check()
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
