"""Printing what a run has shown."""

from __future__ import annotations

import os
from collections import Counter, defaultdict
from typing import Any

from expected_state import ExpectedState
from service import Calls


def percentile(seconds: list[float], share: float) -> float:
    """Return the value that this share of the sorted list does not exceed."""
    ordered = sorted(seconds)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def machine() -> dict[str, Any]:
    """Return what a figure must be read with: the CPUs, and how busy they are just now."""
    return {"cpus": os.cpu_count(), "load_average": [round(each, 2) for each in os.getloadavg()]}


def print_calls(calls: Calls) -> None:
    """Print, for each kind of call, how many, how long, and what was answered."""
    answers: dict[str, Counter[str]] = defaultdict(Counter)
    for (kind, status, code), count in calls.answers.items():
        answers[kind][f"{status} {code}".strip()] += count
    print(f"{'call':<22}{'count':>8}{'p50 ms':>9}{'p99 ms':>9}  answers")
    for kind, seconds in sorted(calls.seconds.items(), key=lambda item: -len(item[1])):
        said = ", ".join(f"{text}: {count:,}" for text, count in answers[kind].most_common())
        p50, p99 = (1_000 * percentile(seconds, share) for share in (0.5, 0.99))
        print(f"{kind:<22}{len(seconds):>8,}{p50:>9.1f}{p99:>9.1f}  {said}")
    statuses: Counter[int] = Counter()
    for (_, status, _), count in calls.answers.items():
        statuses[status] += count
    print("by status:", ", ".join(f"{status}: {n:,}" for status, n in sorted(statuses.items())))
    if calls.retries:
        print("repeated:", ", ".join(f"{why}: {n:,}" for why, n in calls.retries.most_common()))


def print_doings(expected: ExpectedState) -> None:
    for what, count in sorted(expected.doings.items()):
        print(f"  {count:>7,} {what}")
