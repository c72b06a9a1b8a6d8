"""The storm, then races by hand, then what an operator meets: `make torture-all`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from environment import Environment
from program import empty_folder

from torture import situations
from torture.checkout import copy_commit
from torture.outcome import Plan
from torture.races import RACES, run_races
from torture.storm import Storm
from torture.verdicts import Verdicts

ROOM = 1_200_000_000  # bytes of the disk that is filled


class LeftOut(Exception):
    """A part that cannot be done on this machine; says why."""


def run_everything(plan: Plan, rounds: int, variables: dict[str, str]) -> Verdicts:
    """Do all parts that this machine allows; return what did not hold in any of them."""
    verdicts = Verdicts()
    with _top() as top, Environment(keep=str(top / "data"), variables=variables) as environment:
        storm = Storm(environment, plan)
        storm.prepare()
        _tell("the storm", lambda: storm.run(plan.seconds))
        _tell(
            f"{len(RACES)} races of {rounds} rounds",
            lambda: verdicts.take(run_races(storm, rounds)),
        )
        for situation in (situations.without_broker, situations.moved, situations.restored):
            _tell(situation.__name__.replace("_", " "), lambda act=situation: act(storm))
        verdicts.take(storm.outcome.verdicts)
    for name, part in (("with full disk", _fill_a_disk), ("upgraded", _upgrade)):
        _tell(name, lambda act=part: verdicts.take(act(plan, variables)))
    return verdicts


def _tell(name: str, act: Callable[[], object]) -> None:
    try:
        act()
    except LeftOut as reason:
        print(f"{name}: left out, {reason}", file=sys.stderr, flush=True)
    else:
        print(f"{name}: done", file=sys.stderr, flush=True)


@contextmanager
def _top() -> Iterator[Path]:
    folder = empty_folder("torture-")
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _fill_a_disk(plan: Plan, variables: dict[str, str]) -> Verdicts:
    """On a disk in memory, which only root can make. Raises LeftOut."""
    if os.geteuid() or not shutil.which("mount"):
        raise LeftOut("only root can mount a small disk")
    with _top() as top:
        options = ["-t", "tmpfs", "-o", f"size={ROOM},mode=755", "torture", str(top)]
        if subprocess.run(["mount", *options], capture_output=True, check=False).returncode:
            raise LeftOut("nothing can be mounted here")
        try:
            with Environment(keep=str(top / "data"), variables=variables) as environment:
                storm = Storm(environment, plan)
                storm.prepare()
                situations.with_full_disk(storm)
                return storm.outcome.verdicts
        finally:
            subprocess.run(["umount", "--lazy", str(top)], check=False)


def _upgrade(plan: Plan, variables: dict[str, str]) -> Verdicts:
    """From the commit before the newest migration. Raises LeftOut."""
    with _top() as top, tempfile.TemporaryDirectory(prefix="torture-old-") as old:
        checkout = copy_commit(Path(old))
        if checkout is None:
            raise LeftOut("this checkout has no history")
        home = str(top / "data")
        with Environment(keep=home, variables=variables, checkout=checkout) as environment:
            storm = Storm(environment, plan)
            storm.prepare()
            situations.upgraded(storm)
            return storm.outcome.verdicts
