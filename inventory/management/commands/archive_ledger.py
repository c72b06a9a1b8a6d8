"""Archive old partitions of the ledger as files. Nothing is deleted: the tables are dropped by
hand, when the files are in a safe place."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from core.roles.granting import as_migrator
from inventory.ledger.archive import ArchiveFailed, archive_partition, partitions_before

LEAST_DAYS = 90


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--folder", type=Path, required=True, help="where the files go")
        parser.add_argument(
            "--older-than-days",
            type=int,
            default=400,
            help=f"of their newest movement; at least {LEAST_DAYS}, default 400",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        folder, days = options["folder"], options["older_than_days"]
        if days < LEAST_DAYS:
            raise CommandError(f"Movements of the last {LEAST_DAYS} days are not archived.")
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        with as_migrator():
            self._archive(folder, days)

    def _archive(self, folder: Path, days: int) -> None:
        names = partitions_before(days)
        if not names:
            self.stdout.write(f"No full partition of the ledger is older than {days} days.")
        for name in names:
            try:
                done = archive_partition(name, folder=folder, actor="archive_ledger")
            except (ArchiveFailed, OSError) as error:
                raise CommandError(f"{name} is not archived: {error}") from error
            self.stdout.write(
                f"{done.file}: {done.movements} movements, SHA-256 {done.sha256}\n"
                f"{done.left} stay in the ledger. When the file is in a safe place:\n"
                f"DROP TABLE {done.table};"
            )
