"""Applying uploads. A sweep finds those that a lost message or a dead worker left."""

from __future__ import annotations

import logging
import threading

from celery import shared_task
from kombu.exceptions import KombuError

from core.imports.running import run_unfinished
from omniretail.files.kinds import KINDS

log = logging.getLogger("core.imports")

_hint = threading.Lock()  # held while a hint is on its way


@shared_task
def run_imports() -> int:
    """Apply every file that waits; return how many."""
    return run_unfinished(KINDS)


def hint_at_imports() -> None:
    """Ask a worker to begin now, without waiting for the broker.

    A broker that is away costs its client six seconds, one that hangs costs for ever: an upload
    must wait for neither. The sweep finds the files of hints that do not arrive.
    """
    if _hint.acquire(blocking=False):
        threading.Thread(target=_send_hint, name="hint", daemon=True).start()


def _send_hint() -> None:
    try:
        run_imports.apply_async(retry=False)
    except (KombuError, OSError) as error:
        log.warning("no worker was told of an import, the sweep will find it: %s", error)
    finally:
        _hint.release()
