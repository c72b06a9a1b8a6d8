"""Printing what the comparison has found."""

from __future__ import annotations

from statistics import median
from typing import Any

COLUMNS = ("per_second", "p50_ms", "p99_ms", "web_ms", "database_ms", "behind_ms", "cpu_ms")


def print_loads(loads: dict[str, dict[str, list[dict[str, Any]]]]) -> None:
    """Print medians with (least, most), and how the first side stands to each other one."""
    print(f"{'load':<14}{'side':<14}" + "".join(f"{name:>25}" for name in COLUMNS))
    for load, sides in loads.items():
        for side, rounds in sides.items():
            print(f"{load:<14}{side:<14}" + "".join(f"{_spread(rounds, c):>25}" for c in COLUMNS))
        (_, ours), *others = sides.items()
        for side, theirs in others:
            for column, title in (("per_second", "orders a second"), ("cpu_ms", "CPU an order")):
                ratios = [a[column] / b[column] for a, b in zip(ours, theirs, strict=True)]
                print(f"  {title}, ours to {side}, round by round: {_three(ratios, 3)}")


def print_races(races: list[dict[str, Any]]) -> None:
    columns = ("sold", "refused", "errors", "turned_away", "on_hand", "promised", "ordered")
    print(f"{'race':<28}" + "".join(f"{name:>12}" for name in columns))
    for race in sorted(races, key=lambda race: race["side"]):
        mark = "  OVERSOLD" if race["promised"] > race["on_hand"] else ""
        print(f"{race['side']:<28}" + "".join(f"{race[name]:>12}" for name in columns) + mark)


def _spread(rounds: list[dict[str, Any]], column: str) -> str:
    return _three([each[column] for each in rounds], 1)


def _three(figures: list[float], places: int) -> str:
    middle, least, most = median(figures), min(figures), max(figures)
    return f"{middle:,.{places}f} ({least:,.{places}f}, {most:,.{places}f})"
