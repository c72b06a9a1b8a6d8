from __future__ import annotations

import logging
from typing import Any

from django.apps import AppConfig
from django.db import Error
from django.db.models.signals import post_migrate

log = logging.getLogger("omniretail.inventory")


class InventoryConfig(AppConfig):
    name = "inventory"
    verbose_name = "Inventory"

    def ready(self) -> None:
        post_migrate.connect(prepare_for_start, sender=self)


def prepare_for_start(plan: Any = (), **more: Any) -> None:
    """Prepare the ledger before the service starts, which migrates first: a task does so later, but
    a service whose tasks stood still for long starts with room too."""
    from inventory.tasks import prepare_ledger

    if any(backwards for _, backwards in plan):
        return
    try:
        prepare_ledger()
    except Error as error:  # the task tries again; until then the default partition takes all
        log.warning("partitions of the ledger could not be prepared: %s", error)
