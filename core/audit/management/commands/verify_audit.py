"""Check that no audit record was changed, removed or inserted behind; exit code 1 where one was.

It prints the digest of the whole chain. Keep it elsewhere: `--since-digest` then shows that what
was sealed by that time is still there, and in its order."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from core.audit.sealing import sealed_as, verify


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--since-digest", metavar="DIGEST", help="that an earlier check printed", default=""
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = verify()
        self.stdout.write(f"{found.records} records checked.")
        for record, erasure in found.erased.items():
            self.stdout.write(f"Record {record} was erased, as record {erasure} says.")
        complaints = [
            f"Record {each.record} (seal {each.number or 'none'}): {each.why}."
            for each in found.breaks
        ]
        if kept := options["since_digest"].strip().lower():
            number = sealed_as(kept)
            if number is None:
                complaints.append("The chain never had that digest: it was cut off or made anew.")
            else:
                self.stdout.write(f"The first {number} are those that had that digest.")
        if complaints:
            self.stderr.write(f"The chain is broken, first here:\n{complaints[0]}")
            if len(complaints) > 1:
                self.stderr.write(f"{len(complaints) - 1} more, the last: {complaints[-1]}")
            sys.exit(1)
        self.stdout.write(f"Digest {found.head or 'none: there are no records'}")
