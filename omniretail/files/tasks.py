"""Applying uploads. A sweep finds those that a lost message or a dead worker left."""

from __future__ import annotations

import logging

from celery import shared_task
from kombu.exceptions import KombuError

from core.imports.running import run_unfinished
from omniretail.files.kinds import KINDS

log = logging.getLogger("core.imports")


@shared_task
def run_imports() -> int:
    """Apply every file that waits; return how many."""
    return run_unfinished(KINDS)


def hint_at_imports() -> None:
    """Ask a worker to begin now. The upload is accepted even if the broker is unreachable."""
    try:
        run_imports.apply_async(retry=False)
    except (KombuError, OSError) as error:
        log.warning("no worker was told of an import, the sweep will find it: %s", error)
