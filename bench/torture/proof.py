"""Whether the storm notices each bug that can be seeded, and how soon: `make torture-bugs`."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from torture.bugs import BUGS

RUN = Path(__file__).resolve().with_name("run.py")
CAUGHT = "caught after"
LONGEST = 600  # seconds of storm until a bug counts as unnoticed
# What shows only when all has come to rest needs an end to the storm.
AT_THE_END = {"waiting_work_is_done": 90, "none_waits_beside_goods": 90}


def prove(arguments: Sequence[str]) -> int:
    """Run a storm for each bug; print the seconds until its law was seen to be broken."""
    missed = 0
    print(f"{'':>3} {'seconds':>8}  {'law':<36} bug", flush=True)
    for number, bug in BUGS.items():
        seconds = AT_THE_END.get(bug.law, LONGEST)
        command = [sys.executable, str(RUN), "--bug", str(number), "--seconds", str(seconds)]
        done = subprocess.run([*command, *arguments], capture_output=True, text=True, check=False)
        found = re.search(rf"^{CAUGHT} (\d+) s$", done.stdout, re.MULTILINE)
        missed += found is None
        print(f"{number:>3} {found[1] if found else 'MISSED':>8}  {bug.law:<36} {bug.what}",
              flush=True)  # fmt: skip
    print(f"\n{len(BUGS) - missed} of {len(BUGS)} noticed")
    return 1 if missed else 0
