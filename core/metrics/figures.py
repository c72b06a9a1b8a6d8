"""Figures that apps publish at `/metrics` from their tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Figures(NamedTuple):
    """One statement with one row of numbers, and the meaning of each of its columns.

    It runs at each request for `/metrics`, so it must use an index. `settings.FIGURES` names
    them all.
    """

    statement: str
    about: Mapping[str, str]
