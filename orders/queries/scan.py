"""Resolving the service's own QR codes: orders, pickups, returns, bins."""

from __future__ import annotations

from typing import Any

from core.access.principal import Principal
from inventory.errors import BarcodeUnreadable, UnknownBarcode
from orders.models import Fulfilment, Return
from orders.queries.finding import returnable_orders
from orders.queries.returns import takeable_returns
from stores.models import Bin

PREFIX = "omni:"
MOST_SKUS = 1_000  # of one bin
LONGEST_ID = 18  # digits that a bigint surely holds


def find_named(payload: str, *, actor: Principal) -> dict[str, Any]:
    """Resolve `omni:order:<number>`, `omni:pickup:<fulfilment>:<secret>` or `omni:return:<id>`;
    for a bin see `find_bin`.

    The secret of a pickup is neither checked nor repeated: handing over checks it. Resources that
    the actor may not see count as unknown.
    """
    kind, _, rest = payload.strip().removeprefix(PREFIX).partition(":")
    if kind == "bin":
        return find_bin(rest, actor=actor)
    if kind == "order":
        found = returnable_orders(actor).filter(number=rest).exists()
        name = {"order": rest}
    elif kind == "pickup":
        code = rest.partition(":")[0]
        found = Fulfilment.objects.visible_to(actor).filter(code=code).exists()
        name = {"fulfilment": code}
    elif kind == "return":
        is_id = rest.isascii() and rest.isdigit() and len(rest) <= LONGEST_ID
        seen = takeable_returns if actor.may("returns:write") else Return.objects.visible_to
        found = is_id and seen(actor).filter(pk=int(rest)).exists()
        name = {"return": rest}
    else:
        raise BarcodeUnreadable("This QR code names nothing that this service knows.")
    if not found or not actor.may("orders:read"):
        raise UnknownBarcode()
    return {"kind": kind, **name}


def find_bin(name: str, *, actor: Principal) -> dict[str, Any]:
    """Resolve `<location>/<bin>` (no code contains a slash), and list the SKUs in the bin."""
    place, _, code = name.partition("/")
    shelf = Bin.objects.visible_to(actor).filter(location__code=place, code=code).first()
    if shelf is None:
        raise UnknownBarcode()
    skus = shelf.placements.order_by("sku__code").values_list("sku__code", flat=True)
    return {"kind": "bin", "location": place, "bin": code, "skus": list(skus[:MOST_SKUS])}
