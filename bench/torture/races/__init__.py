"""Races by hand: acts that meet at the same moment, round after round, each with one outcome."""

from __future__ import annotations

from torture.races import placing, returning, stock, working
from torture.races.round import Race, Round
from torture.storm import Storm
from torture.verdicts import Verdicts

RACES: dict[str, Race] = {
    **placing.RACES,
    **working.RACES,
    **stock.RACES,
    **returning.RACES,
}


def run_races(storm: Storm, rounds: int) -> Verdicts:
    """Run so many rounds of each race; the storm's books know of every act."""
    verdicts = Verdicts()
    for name, race in RACES.items():
        for number in range(rounds):
            fault = race(Round(storm, f"{name}-{number}"))
            verdicts.check(f"race: {name.replace('_', ' ')}", not fault, f"{number}: {fault}")
    storm.settle()
    return verdicts
