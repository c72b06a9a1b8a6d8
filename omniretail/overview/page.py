"""The home page: an introduction; for signed-in people, the work at their locations."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from core.access.models import User
from core.access.principal import Principal
from core.problems.handler import to_be_read
from inventory.queries.integrity import POOL_LAWS, Report, check_laws
from omniretail.overview.work import look_around, may_open
from orders.choices import OrderState
from orders.models import Order, OrderLine, Reconciliation
from orders.money import format_amount
from orders.queries.reconciliation import last_reconciliation
from orders.queries.state import derive_state

NEEDS = ("orders:read", "stock:read")
LAST_ORDERS = 8

# Those laws that do not read the ledger. They still scan the stock, so the result is cached.
CHEAP_LAWS = (
    "never_oversold",
    "reserved_is_the_sum_of_live_claims",
    "ledger_has_its_partitions",
    "guards_stand",
)
POOL_KEPT = 30  # seconds


def last_orders(principal: Principal) -> list[dict[str, Any]]:
    """Return the newest orders that concern this person's locations, in two queries."""
    rows = Order.objects.visible_to(principal).select_related("channel")
    orders = list(rows.order_by("-pk")[:LAST_ORDERS])
    lines: dict[int, list[Mapping[str, Any]]] = {order.pk: [] for order in orders}
    for line in OrderLine.objects.filter(order__in=list(lines)).values():
        lines[line["order_id"]].append(line)
    shown = []
    for order in orders:
        mine = lines[order.pk]
        total = sum(
            (line["unit_price"] * (line["ordered"] - line["cancelled"]) for line in mine),
            Decimal(0),
        )
        state = OrderState(derive_state(mine))
        shown.append(
            {
                "order": order,
                "units": sum(line["ordered"] for line in mine),
                "total": format_amount(total, order.currency),
                "state": state,
                "href": reverse("admin:orders_order_change", args=[order.pk]),
            }
        )
    return shown


def pool_report() -> Report:
    """Return a check of the cheap laws of the pool, at most half a minute old."""
    report: Report | None = cache.get("overview.pool")
    if report is None:
        report = check_laws([law for law in POOL_LAWS if law.name in CHEAP_LAWS])
        cache.set("overview.pool", report, POOL_KEPT)
    return report


@dataclass(frozen=True, slots=True)
class Alarm:
    """The last nightly check found violations; `href` is set where the person may see them."""

    check: Reconciliation
    href: str


def last_alarm(user: User) -> Alarm | None:
    """Return what the last check of the laws found, if it found anything."""
    check = last_reconciliation()
    if check is None or not check.violation_count:
        return None
    page = reverse("admin:orders_reconciliation_change", args=[check.pk])
    sees = Reconciliation.objects.visible_to(user.principal()).filter(pk=check.pk).exists()
    return Alarm(check, page if sees and may_open(user, Reconciliation) else "")


@never_cache
@to_be_read
def home(request: HttpRequest) -> HttpResponse:
    """Show the home page, at `/`."""
    user = request.user
    if not user.is_authenticated:
        return render(request, "overview.html")
    principal = user.principal()
    context: dict[str, Any] = {"principal": principal}
    if all(principal.may(scope) for scope in NEEDS):
        at = timezone.now()
        context |= {
            "at": at,
            "links": may_open(user, Order),
            "overview": look_around(user, at=at),
            "orders": last_orders(principal),
            "pool": pool_report(),
            "alarm": last_alarm(user),
        }
    return render(request, "overview.html", context)
