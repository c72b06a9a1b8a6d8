"""Returns of the demo: with and without a receipt, at the selling location and elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from omniretail.demo.people import person_at, shop
from orders.choices import Disposition, DropOff, Resolution
from orders.commands.returns.dispose_return import Decision, dispose_return
from orders.commands.returns.finish_return import cancel_return
from orders.commands.returns.receive_return import Arrival, receive_return
from orders.commands.returns.request_return import Announced, ReturnRequest, request_return
from orders.models import Order, OrderLine, Return
from orders.returns_policy import RequestedUnits
from stores.queries.network import current_network

UNWANTED = "not as expected"


def bring_back() -> None:
    """Leave returns in each state, with goods in each disposition."""
    sold = [order for order in Order.objects.order_by("pk") if _left(order)]
    for order in sold[:4]:  # all of it, back on sale: these orders are returned
        _receive(_announce(order, _left(order)), "S470", _left(order), Disposition.RESTOCK)
    for turn, disposition in enumerate(
        (Disposition.DAMAGED, Disposition.SCRAP, Disposition.TO_VENDOR), start=4
    ):
        some = _left(sold[turn])[:1]
        _receive(_announce(sold[turn], some), "S302", some, disposition, units=1)
    for order in sold[7:10]:  # waits for inspection
        some = _left(order)[:1]
        _receive(_announce(order, some), "S163", some, Disposition.INSPECT)
    _dispose(sold[7])
    for order in sold[10:13]:  # on its way by parcel
        _announce(order, _left(order)[:1], drop_off=DropOff.PARCEL)
    cancel_return(return_id=_announce(sold[13], _left(sold[13])[:1]).pk, actor=shop())
    _lose_some(sold[14])
    _come_without_receipt(sold[15])


def _left(order: Order) -> list[OrderLine]:
    """Return the lines of an order of which something has left."""
    return list(order.lines.filter(fulfilled__gt=0).select_related("sku").order_by("pk"))


def _announce(
    order: Order, lines: Sequence[OrderLine], *, drop_off: DropOff = DropOff.STORE
) -> Return:
    return _request(order.pk, lines, drop_off)


def _request(order_id: int | None, lines: Sequence[OrderLine], drop_off: DropOff) -> Return:
    network = current_network()
    request = ReturnRequest(
        order_id=order_id,
        channel_id=network.channels["web"].id,
        lines=[Announced(_units(line, line.fulfilled), line.sku_id, UNWANTED) for line in lines],
        resolution=Resolution.REFUND,
        drop_off=drop_off,
        drop_off_location_id=network.by_code["W1"].id if drop_off == DropOff.PARCEL else None,
    )
    return request_return(request=request, actor=shop())


def _units(
    line: OrderLine, units: int, *, missing: bool = False, at: str | None = None
) -> RequestedUnits:
    return RequestedUnits(quantity=units, sku=line.sku.code, missing=missing, location=at)


def _receive(
    ret: Return,
    location: str,
    lines: Sequence[OrderLine],
    disposition: Disposition,
    *,
    units: int | None = None,
) -> None:
    arrivals = [
        Arrival(_units(line, units or line.fulfilled), line.sku_id, disposition) for line in lines
    ]
    _take_in(ret, location, arrivals)


def _take_in(ret: Return, location: str, arrivals: Sequence[Arrival]) -> None:
    receive_return(
        return_id=ret.pk,
        location_id=current_network().by_code[location].id,
        arrivals=arrivals,
        actor=person_at(location),
    )


def _dispose(order: Order) -> None:
    """Inspect what came back: one unit is damaged, the others go back on sale."""
    ret = order.returns.get()
    line = _left(order)[0]
    location_id = current_network().by_code["S163"].id
    parts = [(1, Disposition.DAMAGED), (line.fulfilled - 1, Disposition.RESTOCK)]
    dispose_return(
        return_id=ret.pk,
        decisions=[
            Decision(_units(line, units, at="S163"), line.sku_id, location_id, disposition)
            for units, disposition in parts
            if units
        ],
        actor=person_at("S163"),
    )


def _lose_some(order: Order) -> None:
    """Receive a parcel in which a unit is missing."""
    line = _left(order)[0]
    ret = _announce(order, [line], drop_off=DropOff.PARCEL)
    arrivals = [Arrival(_units(line, 1, missing=True), line.sku_id, Disposition.MISSING)]
    if line.fulfilled > 1:
        rest = _units(line, line.fulfilled - 1)
        arrivals.append(Arrival(rest, line.sku_id, Disposition.RESTOCK))
    _take_in(ret, "W1", arrivals)


def _come_without_receipt(order: Order) -> None:
    """Receive a return without an order, at a shop that may never have stocked the goods."""
    some = _left(order)[:1]
    _receive(_request(None, some, DropOff.STORE), "S348", some, Disposition.RESTOCK, units=1)
