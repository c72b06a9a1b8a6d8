"""Pick lists: starting them from open fulfilments, in walking order, and completing them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.fields import DateTimeField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, Coalesce

from core.access.principal import Principal
from core.database.statements import numbers, run
from core.problems.catalogue import NotFound, ValidationFailed
from orders.choices import FulfilmentState, PickListState, PickMode
from orders.commands.fulfilment.common import publish_fulfilments
from orders.commands.locks import lock_orders
from orders.commands.picking.walking import group_near, walk_shortest
from orders.errors import IllegalTransition, NothingToPick
from orders.models import Fulfilment, FulfilmentLine, Order, PickList, PickListLine
from orders.queries.fulfilments import workable_fulfilments, worked_at
from orders.transitions import fulfilment_actions
from stores.models import Location
from stores.queries.layouts import layouts_of

# Of a SKU's bins, the first in walking order; SKUs without a bin come last.
# Each order of a list has a tote of its own.
_WRITE = """
WITH taken AS MATERIALIZED (
    SELECT * FROM unnest(%s::bigint[], %s::bigint[], %s::int[]) AS t(id, pick_list, tote)
), begun AS (
    UPDATE orders_fulfilment f SET state = %s, given_back = false, version = f.version + 1
    FROM taken WHERE f.id = taken.id
), line AS MATERIALIZED (
    SELECT t.pick_list, t.tote, w.id, o.sku_id, k.code AS sku, w.quantity - w.picked AS units
    FROM taken t
    JOIN orders_fulfilmentline w ON w.fulfilment_id = t.id AND w.quantity > w.picked
    JOIN orders_orderline o ON o.id = w.order_line_id
    JOIN inventory_sku k ON k.id = o.sku_id
), bin AS (
    SELECT DISTINCT ON (p.sku_id) p.sku_id, b.walk, b.code
    FROM inventory_placement p JOIN stores_bin b ON b.id = p.bin_id
    WHERE b.location_id = %s AND p.sku_id IN (SELECT sku_id FROM line)
    ORDER BY p.sku_id, b.walk, b.code
), printed AS (
    SELECT sku_id, jsonb_object_agg(code, units) AS barcodes FROM inventory_barcode
    WHERE sku_id IN (SELECT sku_id FROM line) GROUP BY sku_id
)
INSERT INTO orders_picklistline
    (pick_list_id, fulfilment_line_id, sku_id, bin, tote, barcodes, quantity, picked, short,
     position)
SELECT pick_list, id, sku_id, coalesce(bin.code, ''), tote,
       coalesce(printed.barcodes, '{}'::jsonb), line.units, 0, 0,
       row_number() OVER (PARTITION BY pick_list ORDER BY bin.walk NULLS LAST,
                          bin.code COLLATE "C", sku COLLATE "C", tote, id)
FROM line LEFT JOIN bin USING (sku_id) LEFT JOIN printed USING (sku_id)
"""


def start_pick_list(
    *,
    location: Location,
    mode: PickMode,
    actor: Principal,
    codes: Sequence[str] | None = None,
    max_orders: int = 12,
    person: str = "",
) -> PickList:
    """Make a list of open fulfilments: those named, or those with the oldest promise.

    Without a `person` it belongs to who scans first.

    Raises `NothingToPick`, or `IllegalTransition` when a named one is not open any more.
    """
    if codes is None:
        limit = 1 if mode == PickMode.SINGLE else max_orders
        taken = _take_oldest(location, limit=limit, actor=actor)
    else:
        taken = _take_named(location, codes, actor=actor)
        if mode == PickMode.SINGLE and len({fulfilment.order_id for fulfilment in taken}) > 1:
            raise ValidationFailed.at(
                "/fulfilments", "A single pick is of one order.", "more_than_one_order"
            )
    (pick_list,) = _write_lists(location, mode, taken, size=len(taken), actor=actor)
    if person:
        pick_list.person = person
        pick_list.save(update_fields=["person"])
    return pick_list


def start_wave(
    *, location: Location, size: int, max_orders: int, actor: Principal
) -> list[PickList]:
    """Divide the open fulfilments with the oldest promises among lists of `size` fulfilments.

    As many statements as for one list. Raises `NothingToPick`.
    """
    taken = _take_oldest(location, limit=max_orders, actor=actor)
    return _write_lists(location, PickMode.BATCH, taken, size=size, actor=actor)


def _write_lists(
    location: Location,
    mode: PickMode,
    taken: Sequence[Fulfilment],
    *,
    size: int,
    actor: Principal,
) -> list[PickList]:
    """Write the lines of the locked fulfilments in the order of the bins, on as many lists as
    needed.
    """
    if not taken:
        raise NothingToPick(location=location.code)
    layout = layouts_of([location.pk]).get(location.pk)
    if layout is not None and len(taken) > size:
        parts = group_near(location, taken, size)
    else:
        parts = [taken[start : start + size] for start in range(0, len(taken), size)]
    lists = PickList.objects.bulk_create(
        PickList(location=location, mode=mode, created_by=actor.name) for _ in parts
    )
    ids, owners, totes = [], [], []
    for pick_list, part in zip(lists, parts, strict=True):
        orders = dict.fromkeys(fulfilment.order_id for fulfilment in part)
        tote = {order_id: number for number, order_id in enumerate(orders, start=1)}
        for fulfilment in part:
            ids.append(fulfilment.pk)
            owners.append(pick_list.pk)
            totes.append(tote[fulfilment.order_id])
    run(
        _WRITE,
        [numbers(ids), numbers(owners), numbers(totes), FulfilmentState.PICKING.value, location.pk],
    )
    if layout is not None:
        walk_shortest(location, layout, [pick_list.pk for pick_list in lists])
    publish_fulfilments("fulfilment.picking", taken, actor=actor)
    return lists


def _take_oldest(location: Location, *, limit: int, actor: Principal) -> list[Fulfilment]:
    """Lock the most urgent open fulfilments; skip those that another picker is just taking."""
    promised = Coalesce(
        KeyTextTransform("ready_by", "promise"), KeyTextTransform("deliver_by", "promise")
    )
    return list(
        workable_fulfilments(actor)
        .filter(worked_at(location.pk), _free())
        .select_related("order")
        .annotate(due=Cast(promised, DateTimeField()))
        .order_by(F("due").asc(nulls_last=True), "id")
        # Both rows at once and without waiting, so the order of locks cannot matter here.
        .select_for_update(of=("self", "order"), skip_locked=True, no_key=True)[:limit]
    )


def _free() -> Q:
    """Match fulfilments that no list has: not begun, or given back with units left to pick."""
    given_back = Q(state=FulfilmentState.PICKING, given_back=True)
    return Q(state=FulfilmentState.OPEN) | given_back & Q(Exists(with_units_to_pick()))


def with_units_to_pick() -> QuerySet[FulfilmentLine]:
    """Return the lines of a fulfilment in the outer query that are not picked whole."""
    return FulfilmentLine.objects.filter(fulfilment=OuterRef("pk"), picked__lt=F("quantity"))


def _take_named(location: Location, codes: Sequence[str], *, actor: Principal) -> list[Fulfilment]:
    """Lock these fulfilments, which must be open at this location."""
    here = workable_fulfilments(actor).filter(worked_at(location.pk), code__in=codes)
    lock_orders(set(here.values_list("order_id", flat=True)))
    found = {
        fulfilment.code: fulfilment
        for fulfilment in here.select_for_update(of=("self",), no_key=True).order_by("pk")
    }
    unknown = [
        {
            "pointer": f"/fulfilments/{index}",
            "detail": "There is no such fulfilment at this location.",
            "code": "unknown_fulfilment",
        }
        for index, code in enumerate(codes)
        if code not in found
    ]
    if unknown:
        raise ValidationFailed(unknown)
    for fulfilment in found.values():
        if not (
            fulfilment.state == FulfilmentState.OPEN
            or (fulfilment.state == FulfilmentState.PICKING and fulfilment.given_back)
        ):
            raise IllegalTransition(
                f"Fulfilment {fulfilment.code} is {fulfilment.state}: only open ones are taken.",
                fulfilment=fulfilment.code,
                state=fulfilment.state,
                allowed_actions=fulfilment_actions(fulfilment.life_cycle, fulfilment.state),
            )
    return [found[code] for code in dict.fromkeys(codes)]


def lock_pick_list(
    *, identity: int, actor: Principal, waiting_for: Collection[int] = ()
) -> tuple[PickList, dict[int, Order]]:
    """Lock the orders on a list and those that wait for these SKUs, then the list; return both.

    `NotFound` when the actor may not see it.
    """
    if not PickList.objects.visible_to(actor).filter(pk=identity).exists():
        raise NotFound("There is no such pick list.")
    on_list = Fulfilment.objects.filter(lines__pick_list_lines__pick_list=identity)
    orders = lock_orders(set(on_list.values_list("order_id", flat=True)), waiting_for=waiting_for)
    pick_list = (
        PickList.objects.select_for_update(of=("self",), no_key=True)
        .select_related("location")
        .get(pk=identity)
    )
    return pick_list, orders


def credit_pick_lists(units: Mapping[int, int]) -> None:
    """Count units of fulfilment lines (by id), picked without a scan, on their pick lists.

    Else the list would still ask for units that are picked already.
    """
    lines = list(
        PickListLine.objects.filter(fulfilment_line__in=units)
        .exclude(pick_list__state=PickListState.COMPLETED)
        .order_by("id")
    )
    left = dict(units)
    for line in lines:
        credited = min(left[line.fulfilment_line_id], line.outstanding)
        line.picked += credited
        left[line.fulfilment_line_id] -= credited
    PickListLine.objects.bulk_update(lines, ["picked"])
