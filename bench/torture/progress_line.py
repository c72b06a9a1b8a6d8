"""What a person sees during the storm: one line, on standard error."""

from __future__ import annotations

import sys

from torture.books import Books
from torture.client import Journal
from torture.verdicts import Verdicts

WITHOUT_TERMINAL = 10  # seconds between two lines


class ProgressLine:
    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._live = sys.stderr.isatty()
        self._told = -WITHOUT_TERMINAL

    def show(self, now: float, journal: Journal, books: Books, verdicts: Verdicts) -> None:
        last = books.kills[-1][1] if books.kills else "nothing yet"
        text = (
            f"{_clock(now)} of {_clock(self._seconds)}  {len(journal.acts):,} acts, "
            f"{len(books.orders):,} orders, {sum(verdicts.checked.values()):,} checks, "
            f"{len(books.kills)} kills (last: {last}), {verdicts.count} violations"
        )
        if self._live:
            sys.stderr.write(f"\r{text}\x1b[K")
        elif now - self._told >= WITHOUT_TERMINAL:
            self._told = int(now)
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        if self._live:
            sys.stderr.write("\n")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
