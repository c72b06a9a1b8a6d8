"""The security log as a file: a line of JSON each, for programs that watch over many services."""

from __future__ import annotations

import json
import logging
import os
from io import TextIOWrapper
from logging.handlers import WatchedFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # settings name the handler, before there are models
    from core.audit.models import AuditRecord

log = logging.getLogger("security")


class SecurityFileHandler(WatchedFileHandler):
    """Appends to a file for its owner's eyes alone; opens it again where it was set aside."""

    def __init__(self, filename: str) -> None:
        super().__init__(filename, encoding="utf-8", delay=True)

    def _open(self) -> TextIOWrapper:
        Path(self.baseFilename).parent.mkdir(parents=True, exist_ok=True)
        file = os.open(self.baseFilename, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        os.fchmod(file, 0o600)  # one that another program made may be open to all
        return os.fdopen(file, "a", encoding="utf-8")


def write_line(row: AuditRecord) -> None:
    """Write a committed record of the security log as a line."""
    line = {
        "id": row.pk,
        "at": row.at.isoformat(),
        "actor": row.actor,
        "actor_id": row.actor_id,
        "address": row.address,
        "action": row.action,
        "subject": row.subject,
        "outcome": row.outcome,
        "reason": row.reason,
        "data": row.data,
    }
    log.info(json.dumps(line, ensure_ascii=False, default=str))
