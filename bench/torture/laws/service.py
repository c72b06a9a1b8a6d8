"""The service itself: how it answers, how soon after a kill, what its database complains of."""

from __future__ import annotations

from bisect import bisect_left
from pathlib import Path

from torture.books import Books
from torture.client import Act
from torture.deadlocks import read_deadlocks
from torture.verdicts import Verdicts

LONGEST_RECOVERY = 60.0  # seconds from a kill until a write that began after it is done


def judge_answers(verdicts: Verdicts, acts: list[Act]) -> None:
    for act in acts:
        failures = [fault for fault in act.faults if fault[:1] == "5"]
        verdicts.check(
            "no_answer_is_500", not failures, f"{act.kind} {act.path}: {failures} {act.body}"
        )
        silent = "away without Retry-After" in act.faults
        verdicts.check("refusals_say_when", not silent, f"{act.kind} {act.path}: {act.faults}")
        verdicts.check(
            "every_act_is_answered", act.status != 0, f"{act.kind} {act.path}: {act.faults[-3:]}"
        )


def judge_recoveries(verdicts: Verdicts, books: Books, acts: list[Act]) -> list[float]:
    """Return how long after each kill a write that began after it was done."""
    done = sorted((act.began, act.ended) for act in acts if act.is_done)
    began = [start for start, _ in done]
    times = []
    for at, what in books.kills:
        ends = [end for _, end in done[bisect_left(began, at) :][:400]]
        if not ends:
            continue  # it was the last thing that happened
        times.append(min(ends) - at)
        verdicts.check(
            "it_recovers_in_time", times[-1] <= LONGEST_RECOVERY, f"{what}: {times[-1]:.0f} s"
        )
    return times


def judge_deadlocks(verdicts: Verdicts, log: Path) -> int:
    """Count the deadlocks that PostgreSQL has logged; the service repeats what met one."""
    found = read_deadlocks(log)
    for text in found or [""]:
        verdicts.check("locks_have_one_order", not text, text)
    return len(found)
