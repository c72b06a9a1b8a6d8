"""The bugs that can be seeded, by number."""

from __future__ import annotations

from torture.bugs.bug import Bug

BUGS: dict[int, Bug] = dict(enumerate((), start=1))
