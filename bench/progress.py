"""A progress bar on standard error; without a terminal, a line every tenth of the way."""

from __future__ import annotations

import sys
import time

WIDTH = 32


class Progress:
    def __init__(self, title: str, total: int) -> None:
        self.title = title
        self.total = max(1, total)
        self.began = time.monotonic()
        self._tenth = -1
        self._live = sys.stderr.isatty()
        self.show(0)

    def show(self, done: int) -> None:
        done = min(done, self.total)
        seconds = time.monotonic() - self.began
        rate = done / seconds if seconds > 0 else 0.0
        text = f"{self.title} {done:,}/{self.total:,}  {rate:,.0f}/s"
        if self._live:
            full = WIDTH * done // self.total
            bar = "#" * full + "-" * (WIDTH - full)
            sys.stderr.write(f"\r[{bar}] {text}\x1b[K")
        elif done * 10 // self.total > self._tenth:
            self._tenth = done * 10 // self.total
            sys.stderr.write(f"{text}\n")
        sys.stderr.flush()

    def end(self) -> None:
        self.show(self.total)
        if self._live:
            sys.stderr.write("\n")
