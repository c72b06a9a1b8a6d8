"""A storm against a service of its own, with books of its own: `make torture`.

    .venv/bin/python bench/torture/run.py [--seed N] [--seconds N] [--clients N] [--bug N]

Exit code 1 when any law did not hold. docs/torture.md says what is done and what is compared.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

BENCH = Path(__file__).resolve().parents[1]
sys.path[0] = str(BENCH)

from environment import REPOSITORY, Environment  # noqa: E402

from torture.bugs import BUGS  # noqa: E402
from torture.checkout import copy_code  # noqa: E402
from torture.everything import run_everything  # noqa: E402
from torture.outcome import Outcome, Plan  # noqa: E402
from torture.proof import prove  # noqa: E402
from torture.storm import Storm  # noqa: E402
from torture.verdicts import print_table  # noqa: E402

OWN_SERVERS = {"DATABASE_URL": "", "CELERY_BROKER_URL": ""}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=360.0)
    parser.add_argument("--clients", type=int, default=16)
    parser.add_argument("--kills", type=int, default=1_000_000, help="at most so many")
    parser.add_argument("--bug", type=int, choices=sorted(BUGS), help="run with this bug seeded")
    parser.add_argument("--patch", help="run with this difference applied, as git writes them")
    parser.add_argument("--all-bugs", action="store_true", help="seed each bug in turn")
    parser.add_argument("--everything", action="store_true", help="more than the storm")
    parser.add_argument("--rounds", type=int, default=100, help="of each race by hand")
    parser.add_argument("--template", default="", help="a stopped service's folder to begin with")
    parser.add_argument("--result", help="a file for the outcome as JSON")
    given = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # the service is stopped on the way out
    if given.everything:
        plan = Plan(given.seed, given.seconds, given.clients, given.kills)
        verdicts = run_everything(plan, given.rounds, OWN_SERVERS)
        print_table(verdicts)
        return 1 if verdicts.count else 0
    if given.all_bugs:
        chosen = ["--seed", str(given.seed), "--clients", str(given.clients)]
        return prove(chosen, variables=OWN_SERVERS)
    bug = BUGS[given.bug] if given.bug else None
    if bug:
        print(f"Bug {given.bug}: {bug.what}; it breaks {bug.law}", file=sys.stderr)
    plan = Plan(
        given.seed, given.seconds, given.clients, given.kills, stop_at=bug.law if bug else ""
    )
    with tempfile.TemporaryDirectory(prefix="torture-code-") as folder:
        checkout = REPOSITORY
        if bug or given.patch:
            checkout = copy_code(Path(folder), bug=bug, patch=given.patch)
        outcome = run_storm(plan, checkout, given.template)
    report(outcome, plan)
    if given.result:
        Path(given.result).write_text(json.dumps(outcome.document(), indent=1))
    return 1 if outcome.verdicts.count else 0


def run_storm(plan: Plan, checkout: Path, template: str) -> Outcome:
    with Environment(variables=OWN_SERVERS, checkout=checkout, template=template) as environment:
        storm = Storm(environment, plan)
        storm.prepare()
        storm.run(plan.seconds)
        return storm.outcome


def report(outcome: Outcome, plan: Plan) -> None:
    print_table(outcome.verdicts)
    figures: dict[str, Any] = {"seed": plan.seed, "seconds": round(outcome.took)} | outcome.figures
    print()
    for name, figure in figures.items():
        print(f"{name:<28}{figure:>12,}")
    count = outcome.verdicts.count
    print(f"\n{count:,} violations" if count else "\nok")


if __name__ == "__main__":
    sys.exit(main())
