"""OmniRetail: one stock pool across stores and web."""

from omniretail.celery import app as celery_app

__all__ = ["celery_app"]
