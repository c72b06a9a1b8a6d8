"""The Celery application. Tasks may be lost: a periodic sweep repeats their work."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omniretail.settings")

app = Celery("omniretail")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(
    ["core.audit", "core.outbox", "core.retention", "inventory", "orders", "omniretail.files"]
)
app.conf.beat_schedule = {
    "relay-events": {"task": "core.outbox.tasks.relay_events", "schedule": 1.0},
    "seal-audit": {"task": "core.audit.tasks.seal_audit", "schedule": 5.0},
    "delete-old-rows": {"task": "core.retention.tasks.delete_old_rows", "schedule": 3600.0},
    "expire-reservations": {"task": "inventory.tasks.expire_reservations", "schedule": 5.0},
    "prepare-ledger": {"task": "inventory.tasks.prepare_ledger", "schedule": 600.0},
    "expire-pickups": {"task": "orders.tasks.expire_pickups", "schedule": 60.0},
    "erase-old-people": {"task": "orders.tasks.erase_old_people", "schedule": 86_400.0},
    "finish-erasures": {"task": "orders.tasks.finish_erasures", "schedule": 5.0},
    "reconcile": {"task": "orders.tasks.reconcile_nightly", "schedule": 300.0},
    "run-imports": {"task": "omniretail.files.tasks.run_imports", "schedule": 5.0},
    "fill-backorders": {"task": "orders.tasks.fill_backorders", "schedule": 30.0},
}
