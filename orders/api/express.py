"""Placing an order by the express lane."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from django.http import HttpRequest, HttpResponse

from core.access.principal import Principal
from core.idempotency.answers import Claim
from core.idempotency.execute import Outcome, respond
from core.idempotency.together import Together
from orders.api.order_body import read_sure_order
from orders.commands.placing.place import place_orders
from orders.commands.placing.requests import OrderRequest


def _place(
    requests: Sequence[OrderRequest], actor: Principal, *, hopeful: bool = False
) -> list[Outcome]:
    return [
        outcome.problem or (outcome.status, outcome.document)
        for outcome in place_orders(requests, actor=actor, hopeful=hopeful)
    ]


# Orders that come in while others are being placed are placed together, by either way.
PLACING = Together(_place, at_first=partial(_place, hopeful=True))


def place_order(
    request: HttpRequest, data: dict[str, Any], actor: Principal
) -> HttpResponse | None:
    """Place an order that is surely right; None for one that must be looked at closely."""
    wanted = read_sure_order(data)
    if wanted is None:
        return None
    return respond(PLACING.execute(Claim.made(request, data, actor), wanted, actor))
