"""Choices of locations and channels."""

from __future__ import annotations

from django.db import models


class LocationKind(models.TextChoices):
    STORE = "store", "Store"  # people walk in
    WAREHOUSE = "warehouse", "Warehouse"  # only staff and carriers walk in


class ChannelKind(models.TextChoices):
    WEB = "web", "Web site"
    POS = "pos", "Till"
    CALL_CENTRE = "call_centre", "Call centre"
    MARKETPLACE = "marketplace", "Marketplace"
    CHAT = "chat", "Chat"


CAPABILITIES = ("ships", "pickup", "returns", "same_day")
