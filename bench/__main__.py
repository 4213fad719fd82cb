"""`make bench`: every benchmark, each in its own process.  ARGS="outbox intake" runs some of them.

The long fault run takes about six minutes on each bus: ARGS="kill_run".  `portal` measures the web portal in a browser, after
the sample's history: some minutes.  `baltimore` reads data that are not part of the project; GONGDAN_EVALUATION_DATA names
their folder.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Final

_QUICK: Final = ("calendar_speed", "outbox", "intake", "lifecycles", "arming", "timers", "recompute")
_ALL: Final = (*_QUICK, "baltimore", "portal", "kill_run")


def main(names: list[str]) -> int:
    wrong = [name for name in names if name not in _ALL]
    if wrong:
        print(f"no such bench: {', '.join(wrong)}; there are {', '.join(_ALL)}", file=sys.stderr)
        return 2
    failed = 0
    for name in names or _QUICK:
        print(f"\n# {name}", flush=True)
        failed |= subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
