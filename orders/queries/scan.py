"""What the service's own QR codes name: an order, a pickup, a return."""

from __future__ import annotations

from inventory.errors import BarcodeUnreadable, UnknownBarcode
from omniretail.access.principal import Principal
from orders.models import Order
from orders.queries.fulfilments import visible_fulfilments
from orders.queries.returns import visible_returns

PREFIX = "omni:"
LONGEST_ID = 18  # digits that a bigint surely holds


def find_named(payload: str, *, actor: Principal) -> dict[str, str]:
    """Resolve `omni:order:<number>`, `omni:pickup:<fulfilment>:<secret>` or `omni:return:<id>`.

    The secret of a pickup is neither checked nor repeated: handing over does that. What the
    actor may not see is as unknown as what is not there.
    """
    kind, _, rest = payload.strip().removeprefix(PREFIX).partition(":")
    if kind == "order":
        found = _sees_order(rest, actor)
        name = {"order": rest}
    elif kind == "pickup":
        code = rest.partition(":")[0]
        found = visible_fulfilments(actor).filter(code=code).exists()
        name = {"fulfilment": code}
    elif kind == "return":
        known = rest.isascii() and rest.isdigit() and len(rest) <= LONGEST_ID
        found = known and visible_returns(actor).filter(pk=int(rest)).exists()
        name = {"return": rest}
    else:
        raise BarcodeUnreadable("This QR code names nothing that this service knows.")
    if not found or not actor.may("orders:read"):
        raise UnknownBarcode()
    return {"kind": kind, **name}


def _sees_order(number: str, actor: Principal) -> bool:
    channel = Order.objects.filter(number=number).values_list("channel__code", flat=True).first()
    return channel is not None and actor.sees_channel(channel)
