"""One visit of a customer: all parcels that wait for them at a shop, handed over in one act."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone

from core.access.principal import Principal
from core.audit.models import AuditRecord
from core.audit.record import record
from core.problems.catalogue import ValidationFailed
from orders.choices import FulfilmentState, FulfilmentType
from orders.commands.fulfilment.common import lines_of
from orders.commands.fulfilment.hand_over import give
from orders.commands.fulfilment.proof import Proof, check_identity, count_wrong, refuse_locked
from orders.commands.locks import lock_orders
from orders.errors import (
    AmbiguousPickupCode,
    IllegalTransition,
    PickupLocked,
    WrongPickupCode,
)
from orders.models import Fulfilment
from orders.queries.fulfilments import counter_fulfilments
from orders.transitions import fulfilment_actions
from stores.models import Location

# Codes that fit no parcel of the shop, within the time: then a code opens nothing there, unless
# the parcels are named, until it has passed.
MAX_WRONG_AT_COUNTER = 20
COUNTED_FOR = timedelta(hours=1)
WRONG_CODE = "wrong_pickup_code"
# For so long a pass is known to be that of goods already handed over.
REMEMBERED = timedelta(days=1)


def hand_over_all(
    *,
    location: str,
    proof: Proof,
    fulfilments: Sequence[str] | None = None,
    collected_by: str = "",
    actor: Principal,
) -> list[Fulfilment]:
    """Hand over all parcels of a customer that wait at a shop, or those named; return them.

    A code or QR code of any of them opens all: those of its order, and of its customer's others.
    With an identity document they are named. Raises `WrongPickupCode`, counted and committed,
    `PickupLocked`, `AmbiguousPickupCode`, and `IllegalTransition` when they are handed over.
    Do not wrap it in a savepoint: its rollback would lose the count.
    """
    shop = Location.objects.visible_to(actor).filter(code=location).first()
    if shop is None:
        raise ValidationFailed.at("/location", f"There is no location {location}.", "unknown")
    here = counter_fulfilments(actor).filter(location=shop, type=FulfilmentType.PICKUP)
    named = _find_named(here, fulfilments) if fulfilments is not None else None
    if proof.identity:
        if named is None:
            raise ValidationFailed.at(
                "/fulfilments", "Name the parcels of the person on the document.", "required"
            )
        if len({_owner(each) for each in named}) > 1:
            raise ValidationFailed.at(
                "/fulfilments", "These are parcels of different customers.", "several_customers"
            )
        chosen = named
    elif named is not None:
        chosen = named
    else:
        chosen = _all_opened(here, proof, location=location, location_id=shop.pk, actor=actor)
    locked = _lock(chosen)
    waiting = [each for each in locked if each.state == FulfilmentState.READY]
    if not waiting or (named is not None and len(waiting) < len(locked)):
        gone = next(each for each in locked if each.state != FulfilmentState.READY)
        raise IllegalTransition(
            f"{gone.code} is {gone.state}: it cannot be handed over.",
            fulfilment=gone.code,
            state=gone.state,
            allowed_actions=fulfilment_actions(gone.life_cycle, gone.state),
        )
    _check(waiting, proof, named=named is not None, location=location, actor=actor)
    parts = []
    for fulfilment in waiting:
        units = {line: line.outstanding for line in lines_of(fulfilment)}
        parts.append((fulfilment, units, units))
    give(parts, proof=proof, by=collected_by, actor=actor)
    return waiting


def _find_named(here: QuerySet[Fulfilment], codes: Sequence[str]) -> list[Fulfilment]:
    found = {each.code: each for each in here.filter(code__in=codes).select_related("order")}
    unknown = [
        {
            "pointer": f"/fulfilments/{index}",
            "detail": "There is no such pickup at this location.",
            "code": "unknown_fulfilment",
        }
        for index, code in enumerate(codes)
        if code not in found
    ]
    if unknown:
        raise ValidationFailed(unknown)
    return [found[code] for code in dict.fromkeys(codes)]


def _all_opened(
    here: QuerySet[Fulfilment],
    proof: Proof,
    *,
    location: str,
    location_id: int,
    actor: Principal,
) -> list[Fulfilment]:
    """Return all parcels of the one customer whose pass this is; count one that fits none."""
    subject = f"locations/{location}"
    wrong = _lock_counter(location_id, subject)
    rows = here.select_related("order").order_by("pk")
    waiting = list(rows.filter(state=FulfilmentState.READY))
    opened = [each for each in waiting if proof.opens(each.code, location)]
    if not opened:
        since = timezone.now() - REMEMBERED
        gone = rows.filter(state=FulfilmentState.COLLECTED, finished_at__gte=since)
        if opened := [each for each in gone if proof.opens(each.code, location)]:
            return opened  # an old pass opens nothing that has come since
    if not opened:
        record(actor=actor, action=WRONG_CODE, subject=subject)
        raise WrongPickupCode(remaining_tries=MAX_WRONG_AT_COUNTER - wrong - 1)
    owners = {_owner(each) for each in opened}
    if len(owners) > 1:
        raise AmbiguousPickupCode(fulfilments=[each.code for each in opened])
    return [each for each in waiting if _owner(each) in owners]


def _owner(fulfilment: Fulfilment) -> tuple[str, int]:
    """Return whose it is: its customer's, or of an order without one, that order's."""
    order = fulfilment.order
    return ("customer", order.customer_id) if order.customer_id else ("order", order.pk)


def _lock_counter(location_id: int, subject: str) -> int:
    """Lock the counter, so that many guesses at once are not more than are allowed; return how many
    codes have been wrong there of late.
    """
    Location.objects.select_for_update(no_key=True).get(pk=location_id)
    since = timezone.now() - COUNTED_FOR
    wrong = AuditRecord.objects.filter(subject=subject, action=WRONG_CODE, at__gte=since).count()
    if wrong >= MAX_WRONG_AT_COUNTER:
        raise PickupLocked(
            "Too many codes were wrong at this counter: name the parcels, or check an identity."
        )
    return wrong


def _lock(chosen: Collection[Fulfilment]) -> list[Fulfilment]:
    """Lock the orders of these fulfilments, then them; return them as they are now."""
    lock_orders({each.order_id for each in chosen})
    rows = Fulfilment.objects.filter(pk__in=[each.pk for each in chosen]).order_by("pk")
    return list(
        rows.select_related("order", "location", "source").select_for_update(
            of=("self",), no_key=True
        )
    )


def _check(
    waiting: Sequence[Fulfilment],
    proof: Proof,
    *,
    named: bool,
    location: str,
    actor: Principal,
) -> None:
    """Check the proof of locked fulfilments: of named ones it must open one of each customer."""
    if proof.identity:
        for fulfilment in waiting:
            check_identity(fulfilment, proof.identity, actor=actor)
        return
    refuse_locked(waiting)
    if named:
        opened = {_owner(each) for each in waiting if proof.opens(each.code, location)}
        if wrong := [each for each in waiting if _owner(each) not in opened]:
            count_wrong(wrong)
