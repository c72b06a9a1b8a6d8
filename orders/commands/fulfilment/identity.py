"""Handing over to a customer who shows a document: who looked at it, and who confirmed it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.utils import timezone

from core.access.principal import Principal
from core.audit.models import AuditRecord, Outcome
from core.audit.record import record
from core.problems.catalogue import Forbidden
from orders.choices import IdentityDocument
from orders.commands.fulfilment.common import lock_fulfilment, subject_of
from orders.errors import SecondPersonRequired
from orders.models import Fulfilment
from orders.transitions import next_fulfilment_state

CONFIRMED = "identity_confirmed"
CONFIRMED_FOR = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Identity:
    """A document that the actor looked at. `second_person` is a name that the actor gives: it is
    recorded, and opens nothing."""

    document: IdentityDocument
    second_person: str = ""


def confirm_identity(*, code: str, document: IdentityDocument, actor: Principal) -> Fulfilment:
    """Record that a second person, who is signed in, looked at the document of a customer whose
    parcel waits. Counts for `CONFIRMED_FOR`, for a hand-over that another principal signs."""
    if not actor.is_staff:
        raise Forbidden("Only a person who is signed in confirms what another one saw.")
    fulfilment = lock_fulfilment(code=code, actor=actor, at_counter=True)
    next_fulfilment_state(fulfilment.life_cycle, fulfilment.state, "collect")
    record(
        actor=actor,
        action=CONFIRMED,
        subject=subject_of(fulfilment),
        security=Outcome.DONE,
        document=document.value,
        principal=actor.id,
    )
    return fulfilment


def check_identity(
    fulfilments: Sequence[Fulfilment], identity: Identity, *, actor: Principal
) -> str:
    """Record who looked at a document for these locked fulfilments of one customer; return who
    confirmed it, if someone did. Raises `SecondPersonRequired` where that must be."""
    confirmed_by = _confirmed_by(fulfilments, identity, actor=actor)
    if settings.PICKUP_IDENTITY_BY_TWO and not confirmed_by:
        raise SecondPersonRequired()
    data: dict[str, Any] = {"document": identity.document.value}
    if identity.second_person:
        data["second_person"] = identity.second_person
    if confirmed_by:
        data["confirmed_by"] = confirmed_by
    for each in fulfilments:
        wrong: dict[str, Any] = {"wrong_codes": each.wrong_codes} if each.wrong_codes else {}
        record(
            actor=actor,
            action="identity_checked",
            subject=subject_of(each),
            security=Outcome.DONE,
            **data,
            **wrong,
        )
    return confirmed_by


def _confirmed_by(
    fulfilments: Sequence[Fulfilment], identity: Identity, *, actor: Principal
) -> str:
    confirmed = AuditRecord.objects.filter(
        subject__in=[subject_of(each) for each in fulfilments],
        action=CONFIRMED,
        at__gte=timezone.now() - CONFIRMED_FOR,
        data__document=identity.document.value,
    ).exclude(data__principal=actor.id)
    return confirmed.order_by("-id").values_list("actor", flat=True).first() or ""
