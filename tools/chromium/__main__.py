"""python -m tools.chromium."""

import sys

from tools.chromium.finding import NoChromium, chromium


def main() -> int:
    """Print the path of the browser; 1 when there can be none, with the reason."""
    try:
        print(chromium().path)
    except NoChromium as fault:
        print(f"no Chromium for the browser tests: {fault}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
