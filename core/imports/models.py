"""Files that came in: how far each has been applied, its bad rows, what a dry run would change.

The rows of a file wait in two tables of its own, `imports_file_<id>` and `imports_work_<id>`
(`staging.py`), which are dropped when it is done.
"""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from core.access.principal import Principal
from core.access.visibility import Visible
from core.database.updated_at import moves, updated_at


class ImportState(models.TextChoices):
    QUEUED = "queued", "Queued"  # staged whole, not begun
    RUNNING = "running", "Running"  # some of it may have been applied
    DONE = "done", "Done"  # every row was applied, changed nothing, or is listed as bad
    FAILED = "failed", "Failed"  # stopped half way: `failure` says why, what was applied stays


class Import(Visible):
    """One file. Counts are in rows of it; the header is none."""

    kind = models.CharField(max_length=16)
    state = models.CharField(max_length=8, choices=ImportState.choices, default=ImportState.QUEUED)
    dry_run = models.BooleanField(default=False, help_text="Say what would change; change nothing")
    file_name = models.CharField(max_length=200, blank=True)
    reference = models.CharField(max_length=128, blank=True)
    as_of = models.DateTimeField(null=True, blank=True)

    # Who sent it, and its restrictions at that time: rows are applied with these rights later.
    owner = models.CharField(max_length=64)
    actor = models.CharField(max_length=150)
    channels = models.JSONField(null=True, blank=True)
    locations = models.JSONField(null=True, blank=True)

    columns = models.JSONField(default=list)  # of the header, in its order
    rows_total = models.PositiveIntegerField(default=0)
    rows_done = models.PositiveIntegerField(default=0, help_text="Looked at, bad ones included")
    rows_failed = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    # The first block of the work table that has not been applied; null: nothing is checked yet.
    next_block = models.PositiveIntegerField(null=True, editable=False)
    failure = models.CharField(max_length=500, blank=True)

    created_at = models.DateTimeField(db_default=Now())
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    updated_at = updated_at()

    class Meta:
        ordering = ["-id"]
        triggers = [moves()]
        indexes = [
            models.Index(
                fields=["id"],
                name="import_unfinished",
                condition=Q(state__in=[ImportState.QUEUED, ImportState.RUNNING]),
            ),
            models.Index(fields=["id"], name="import_named", condition=~Q(file_name="")),
            models.Index(fields=["updated_at", "id"], name="import_updated"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.file_name or self.pk}"

    @classmethod
    def visibility(cls, principal: Principal) -> Q:
        """All for one that is tied to nothing, else its own."""
        return Q(owner=principal.id) if principal.is_tied else Q()


class BadRow(Visible):
    """One thing that is wrong with one row; a row may have several."""

    hangs_on = ("file",)

    file = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="bad_rows", db_index=False
    )
    line = models.BigIntegerField(help_text="Of the file; its header is line 1")
    column = models.CharField(max_length=64, blank=True)
    code = models.CharField(max_length=40)
    reason = models.CharField(max_length=500)
    row = models.JSONField(default=dict)  # its cells by column, long ones cut

    class Meta:
        indexes = [models.Index(fields=["file", "line", "id"], name="badrow_of_file")]

    def __str__(self) -> str:
        return f"{self.line}: {self.reason}"


class Change(Visible):
    """One thing that a dry run found would change."""

    hangs_on = ("file",)

    file = models.ForeignKey(
        Import, on_delete=models.CASCADE, related_name="changes", db_index=False
    )
    line = models.BigIntegerField()
    subject = models.CharField(max_length=200)  # "stock/A1@S1"
    before = models.JSONField(null=True)  # null: it would be new
    after = models.JSONField(null=True)

    class Meta:
        indexes = [models.Index(fields=["file", "line", "id"], name="change_of_file")]

    def __str__(self) -> str:
        return f"{self.line}: {self.subject}"
