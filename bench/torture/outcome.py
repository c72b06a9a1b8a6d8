"""What a storm is to be, and what it has shown."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from torture.client import Journal
from torture.verdicts import Verdicts


@dataclass(frozen=True)
class Plan:
    """`kills`: how many at most. `stop_at`: a law; its first violation ends the storm."""

    seed: int
    seconds: float
    clients: int
    kills: int = 1_000_000
    stop_at: str = ""


@dataclass
class Outcome:
    verdicts: Verdicts
    took: float  # seconds from the first act to the last look, or until `stop_at` was broken
    figures: dict[str, Any] = field(default_factory=dict)

    def document(self) -> dict[str, Any]:
        """Return it as plain values: what was checked and what was wrong, by law."""
        return {
            "seconds": self.took,
            "checked": dict(self.verdicts.checked),
            "violations": dict(self.verdicts.violations),
            "figures": self.figures,
        }


def figures_of(journal: Journal) -> dict[str, Any]:
    """Count what was sent and how it was answered."""
    acts = list(journal.acts)
    sorts = Counter(
        "done" if act.is_done else "refused" if act.status else "unknown" for act in acts
    )
    return {
        "acts": len(acts),
        "2xx": sorts["done"],
        "refused": sorts["refused"],
        "unknown to the end": sorts["unknown"],
        "reads": journal.reads,
        "5xx": sum(fault[:1] == "5" for act in acts for fault in act.faults),
        "turned away, asked again": journal.turned_away,
    }
