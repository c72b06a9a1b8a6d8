"""A small step chart of a number over time, with the same in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

WIDTH, HEIGHT = 960, 160  # units of the drawing, which stretches to its place


@dataclass(frozen=True, slots=True)
class StepPicture:
    """The chart for a template: an SVG path, the position of the chosen time, and the scale."""

    line: str
    area: str
    mark: float
    highest: int
    words: str
    hours: Sequence[str]
    width: int = WIDTH
    height: int = HEIGHT


def draw_steps(
    steps: Sequence[tuple[datetime, int]],
    *,
    since: datetime,
    until: datetime,
    at: datetime,
    zone: ZoneInfo,
    exact: bool,
) -> StepPicture:
    """Draw units over a period. `steps` begins at `since` and is in order of time."""
    highest = max(1, max(units for _, units in steps))
    span = (until - since).total_seconds()

    def across(moment: datetime) -> float:
        return round((moment - since).total_seconds() / span * WIDTH, 1)

    def down(units: int) -> float:
        return round(HEIGHT - units / highest * HEIGHT, 1)

    line = f"M0 {down(steps[0][1])}"
    for moment, units in steps[1:]:
        line += f"H{across(moment)}V{down(units)}"
    line += f"H{WIDTH}"
    lowest_at, lowest = min(steps, key=lambda step: step[1])
    most_at, most = max(steps, key=lambda step: step[1])
    counted = f"{len(steps) - 1} movements" if exact else "very many movements, sampled"
    words = (
        f"{steps[0][1]} available as the day began, {steps[-1][1]} as it ended; "
        f"fewest {lowest} at {lowest_at.astimezone(zone):%H:%M}, "
        f"most {most} at {most_at.astimezone(zone):%H:%M}; {counted}."
    )
    quarters = [since + (until - since) * n / 4 for n in range(5)]
    return StepPicture(
        line=line,
        area=f"{line}V{HEIGHT}H0Z",
        mark=across(at),
        highest=highest,
        words=words,
        hours=[f"{moment.astimezone(zone):%H:%M}" for moment in quarters],
    )
