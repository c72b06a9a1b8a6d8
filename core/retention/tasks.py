"""Deleting what has served. A missed run is made up for by the next one."""

from __future__ import annotations

import logging

from celery import shared_task
from django.conf import settings
from django.utils.module_loading import import_string

from core.retention.rules import delete_served

log = logging.getLogger("core.retention")


@shared_task
def delete_old_rows() -> dict[str, int]:
    """Delete the rows of every rule that have served; return how many by the name of the rule."""
    deleted = {}
    for name in settings.RETENTION_RULES:
        if count := delete_served(import_string(name)):
            deleted[name] = count
            log.info("%s: %s rows deleted", name, count)
    return deleted
