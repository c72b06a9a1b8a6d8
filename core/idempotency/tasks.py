"""Forgetting stored answers when their 72 hours are over."""

from __future__ import annotations

from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from core.idempotency.models import StoredAnswer

KEPT = timedelta(hours=72)


@shared_task
def delete_old_keys() -> int:
    """Delete answers older than 72 h; return how many."""
    return StoredAnswer.objects.filter(created_at__lt=timezone.now() - KEPT).delete()[0]
