"""python -m tools.pictures."""

import sys

from shared.run.starting import data_folder
from tools.chromium.finding import NoChromium
from tools.pictures.taking import DEFAULT_DATA, take_all


def main() -> int:
    """Take every picture; 1 when no platform runs or no browser can be had."""
    running = data_folder(DEFAULT_DATA) / "running"
    if not running.exists():
        print("no platform is running: start one with `make run`, and wait for its history", file=sys.stderr)
        return 1
    try:
        taken = take_all(running.read_text(encoding="utf-8").split()[0])
    except NoChromium as fault:
        print(f"no Chromium: {fault}", file=sys.stderr)
        return 1
    print(f"{len(taken)} pictures are in {taken[0].parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
