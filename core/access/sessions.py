"""When a session began, and ending all sessions of a person."""

from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import user_logged_in
from django.db.models import F
from django.dispatch import receiver
from django.http import HttpRequest

from core.access.models import User

BEGAN, USED = "began", "used"  # seconds since the epoch, in the session


@receiver(user_logged_in)
def note_beginning(request: HttpRequest, **more: Any) -> None:
    request.session[BEGAN] = request.session[USED] = int(time.time())


def end_sessions(user: User) -> None:
    """End all sessions of a person; they may sign in again."""
    User.objects.filter(pk=user.pk).update(sessions_ended=F("sessions_ended") + 1)
