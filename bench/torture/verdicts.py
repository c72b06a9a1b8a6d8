"""What was compared, and what did not hold, by law."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from typing import Any

EARLIER = " (at an earlier look)"
SHOWN = 3  # violations of a law that are printed
LONGEST = 4_000  # characters of a violation in words


class Verdicts:
    def __init__(self) -> None:
        self.checked: Counter[str] = Counter()
        self.violations: dict[str, list[str]] = defaultdict(list)
        self._lock = threading.Lock()

    def check(self, law: str, holds: bool, text: Any = "") -> bool:
        """Count one comparison under a law, and keep what does not hold."""
        with self._lock:
            self.checked[law] += 1
            if not holds:
                self.violations[law].append(str(text)[:LONGEST])
        return holds

    def plus(self, other: Verdicts) -> Verdicts:
        """Return both together."""
        both = Verdicts()
        for each in (self, other):
            with each._lock:
                both.checked.update(each.checked)
                for law, texts in each.violations.items():
                    both.violations[law] += texts
        return both

    def succeed(self, earlier: Verdicts) -> Verdicts:
        """Return these, with what an earlier look found of laws that hold again now."""
        for law, texts in earlier.violations.items():
            if law not in self.violations:
                self.violations[law] = [f"{text.removesuffix(EARLIER)}{EARLIER}" for text in texts]
        return self

    def take(self, other: Verdicts) -> None:
        """Add what another has."""
        both = self.plus(other)
        self.checked, self.violations = both.checked, both.violations

    @property
    def count(self) -> int:
        return sum(len(texts) for texts in self.violations.values())


def print_table(verdicts: Verdicts) -> None:
    width = max([len(law) for law in verdicts.checked] + [3])
    print(f"\n{'law':<{width}}{'checked':>12}{'violations':>12}")
    for law in sorted(verdicts.checked):
        wrong = len(verdicts.violations.get(law, ()))
        print(f"{law:<{width}}{verdicts.checked[law]:>12,}{wrong or '-':>12}")
    for law, texts in sorted(verdicts.violations.items()):
        print(f"\n{law}:")
        for text in texts[:SHOWN]:
            print(f"  {text}")
        if len(texts) > SHOWN:
            print(f"  and {len(texts) - SHOWN:,} more")
