"""API clients with their keys, and members of staff."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.crypto import salted_hmac

from core.access.principal import Principal
from core.access.scopes import ROLES


class User(AbstractUser):
    """A member of staff, who signs in to the pages."""

    role = models.CharField(
        max_length=16, choices=[(code, name) for code, (name, _) in ROLES.items()], blank=True
    )
    # Location codes this person works at; empty means all.
    locations = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    # An account whose password is known to all: only the demo lets it in.
    is_demo = models.BooleanField(default=False, editable=False)
    # The language of the pages; empty: the browser's.
    language = models.CharField(
        max_length=8, choices=settings.LANGUAGES, blank=True, default="", db_default=""
    )
    # How often all sessions of this person were ended at once.
    sessions_ended = models.PositiveIntegerField(default=0, editable=False)

    def get_session_auth_hash(self) -> str:
        """Return what a session must carry: it changes with the password and as sessions end."""
        return salted_hmac(
            "access.User.session", f"{self.password}:{self.sessions_ended}", algorithm="sha256"
        ).hexdigest()

    def principal(self) -> Principal:
        """Return this person as an actor; a superuser may do everything."""
        scopes = frozenset({"*"}) if self.is_superuser else frozenset[str]()
        if not scopes and self.role:
            scopes = ROLES[self.role][1]
        return Principal(
            id=f"user:{self.pk}",
            name=self.get_username(),
            scopes=scopes,
            locations=frozenset(self.locations) or None,
        )


class ApiClient(models.Model):
    """A system that calls the API: a shop site, a till, an ERP."""

    name = models.CharField(max_length=64, unique=True)
    scopes = ArrayField(models.CharField(max_length=32), default=list)
    # Codes that the client is tied to; empty means all.
    channels = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    locations = ArrayField(models.CharField(max_length=64), default=list, blank=True)
    requests_per_minute = models.PositiveIntegerField(null=True, blank=True)  # empty: no limit
    is_demo = models.BooleanField(default=False, editable=False)  # as `User.is_demo`
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = "API client"
        constraints = [
            models.CheckConstraint(
                condition=Q(requests_per_minute__gt=0), name="api_client_may_ask"
            )
        ]

    def __str__(self) -> str:
        return self.name

    def principal(self) -> Principal:
        return Principal(
            id=f"client:{self.pk}",
            name=self.name,
            scopes=frozenset(self.scopes),
            channels=frozenset(self.channels) or None,
            locations=frozenset(self.locations) or None,
            requests_per_minute=self.requests_per_minute,
        )


class ApiKey(models.Model):
    """One key of a client. Several may be valid at once, so that keys rotate with overlap."""

    client = models.ForeignKey(ApiClient, on_delete=models.CASCADE, related_name="keys")
    # SHA-256 of the key. The key has 256 random bits, so a slow hash would only slow requests.
    digest = models.BinaryField(unique=True, max_length=32, editable=False)
    hint = models.CharField(max_length=16, help_text="The first characters, to tell keys apart")
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "API key"

    def __str__(self) -> str:
        return f"{self.hint}…"
