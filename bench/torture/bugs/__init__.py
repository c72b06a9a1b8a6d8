"""The bugs that can be seeded, by number. Each is named after the law that it breaks."""

from __future__ import annotations

from torture.bugs import answers, promises, running, units
from torture.bugs.bug import Bug

BUGS: dict[int, Bug] = dict(
    enumerate((*units.BUGS, *promises.BUGS, *answers.BUGS, *running.BUGS), start=1)
)
