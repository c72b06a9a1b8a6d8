"""Whether the storm notices each bug that can be seeded, and how soon: `make torture-bugs`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from environment import Environment
from program import empty_folder

from torture.bugs import BUGS
from torture.bugs.bug import Bug

RUN = Path(__file__).resolve().with_name("run.py")
LONGEST = 600  # seconds of storm until a bug counts as unnoticed
# What shows only when all has come to rest needs an end to the storm.
AT_THE_END = {"waiting_work_is_done": 90, "none_waits_beside_goods": 90}


def prove(arguments: Sequence[str], *, variables: dict[str, str]) -> int:
    """Run a storm for each bug; print the seconds until its law was seen to be broken."""
    missed = 0
    template = empty_folder("torture-template-")
    try:
        with Environment(keep=str(template), variables=variables):
            pass  # it has its tables now
        print(f"{'':>3} {'seconds':>8}  {'law':<36} bug", flush=True)
        for number, bug in BUGS.items():
            more = ["--bug", str(number), "--template", str(template), *arguments]
            seconds = _seconds_until_noticed(bug, more)
            missed += seconds is None
            told = "MISSED" if seconds is None else f"{seconds:.0f}"
            print(f"{number:>3} {told:>8}  {bug.law:<36} {bug.what}", flush=True)
    finally:
        shutil.rmtree(template, ignore_errors=True)
    print(f"\n{len(BUGS) - missed} of {len(BUGS)} noticed")
    return 1 if missed else 0


def _seconds_until_noticed(bug: Bug, arguments: Sequence[str]) -> float | None:
    longest = AT_THE_END.get(bug.law, LONGEST)
    with tempfile.NamedTemporaryFile(suffix=".json") as result:
        subprocess.run(
            [sys.executable, str(RUN), "--seconds", str(longest), "--result", result.name,
             *arguments],
            capture_output=True, check=False,
        )  # fmt: skip
        text = Path(result.name).read_text()
    outcome = json.loads(text) if text else {"violations": {}}  # it may have ended before
    return outcome["seconds"] if outcome["violations"].get(bug.law) else None
