"""What apps let `/metrics` tell of their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Figures(NamedTuple):
    """One statement with one row of numbers, and what each of its columns says.

    Asked whenever somebody reads, so its rows must be found by an index. `settings.FIGURES` names
    them all.
    """

    statement: str
    about: Mapping[str, str]
