"""Putting units back on their shelf that lie in a box, a tote or a bay and are not wanted there."""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import QuerySet, Sum

from core.access.principal import Principal
from core.problems.catalogue import NotFound
from inventory import ledger
from inventory.choices import Condition
from inventory.commands.change import StockChange
from inventory.ledger import Entry
from inventory.queries.available.conditions import conditions_of
from orders.commands.fulfilment.common import publish_fulfilments, save_step
from orders.commands.locks import lock_goods, lock_orders
from orders.commands.settling.settle import settle
from orders.errors import IllegalTransition
from orders.models import Fulfilment, UnitsToPutBack
from orders.queries.documents import fulfilment_document


def put_back(*, code: str, actor: Principal) -> Fulfilment:
    """Put the fulfilment's units back that are to be put back where the actor works.

    They are on sale again, or go to orders that wait. Units that were counted meanwhile are on
    sale already: of these nothing moves. Raises `IllegalTransition` when there is none.
    """
    seen = Fulfilment.objects.visible_to(actor).filter(code=code).first()
    if seen is None:
        raise NotFound("There is no such fulfilment.")
    here = _units_at(seen, actor)
    skus = frozenset(here.values_list("sku_id", flat=True))
    locked = lock_orders({seen.order_id}, waiting_for=skus)
    fulfilment = Fulfilment.objects.select_for_update(of=("self",), no_key=True).get(pk=seen.pk)
    rows = [row for row in here.select_related("sku", "location") if row.sku_id in skus]
    if not rows:
        raise IllegalTransition(
            "No unit of this fulfilment is to be put back here.",
            state=fulfilment.state,
            allowed_actions=fulfilment_document(fulfilment)["allowed_actions"],
        )
    UnitsToPutBack.objects.filter(pk__in=[row.pk for row in rows]).delete()
    save_step(fulfilment)
    told = [
        {"sku": row.sku.code, "location": row.location.code, "quantity": row.quantity}
        for row in rows
    ]
    publish_fulfilments(
        "fulfilment.put_back", [fulfilment], actor=actor, put_back_units={fulfilment.pk: told}
    )
    lock_goods(orders=locked, sku_ids=skus)
    ledger.lock_rows([(row.sku_id, row.location_id) for row in rows])
    entries = _entries(rows, reference=fulfilment.order.number)
    ledger.post(entries, actor=actor.name)
    more = frozenset(entry.sku_id for entry in entries)
    settle(change=StockChange(more=more), orders=locked, actor=actor)
    return fulfilment


def _units_at(fulfilment: Fulfilment, actor: Principal) -> QuerySet[UnitsToPutBack]:
    rows = UnitsToPutBack.objects.visible_to(actor)
    return rows.filter(fulfilment=fulfilment).order_by("pk")


def _entries(rows: Sequence[UnitsToPutBack], *, reference: str) -> list[Entry]:
    """Return the movements of units that are still in the condition, under the rows' lock.

    A count settles units of a row without saying whose. So what the condition holds belongs first
    to the other fulfilments: a unit is never sold from a box that was not opened yet.
    """
    kept = conditions_of({(row.sku_id, row.location_id) for row in rows})
    others = {
        (sku_id, location_id): units
        for sku_id, location_id, units in UnitsToPutBack.objects.filter(
            sku__in=[row.sku_id for row in rows],
            location__in=[row.location_id for row in rows],
        )
        .order_by()
        .values_list("sku_id", "location_id")
        .annotate(units=Sum("quantity"))
    }
    entries = []
    for row in rows:
        pair = row.sku_id, row.location_id
        still = kept[pair][Condition.TO_PUT_BACK] - others.get(pair, 0)
        if (units := min(row.quantity, still)) > 0:
            entries.append(
                Entry(*pair, unavailable=-units, reason=Condition.TO_PUT_BACK, reference=reference)
            )
    return entries
