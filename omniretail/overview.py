"""The home page: what this is; for those who are signed in, what there is to do, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.contrib import admin
from django.core.cache import cache
from django.db.models import Count, F, Model, Q, QuerySet
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from inventory.choices import CountState, TransferState
from inventory.models import Count as StockCount
from inventory.models import ExpectedDelivery, Transfer
from inventory.queries.integrity import POOL_LAWS, Report, check_laws
from omniretail.access.models import User
from omniretail.access.principal import Principal
from orders.admin.deliveries import RULES, with_due
from orders.admin.fulfilments import PICKED_AT
from orders.choices import Disposition, FulfilmentState, OrderState
from orders.models import Fulfilment, Order, OrderLine, Reconciliation, ReturnReceiptLine
from orders.money import format_amount
from orders.queries.reconciliation import last_reconciliation
from orders.queries.state import derive_state
from stores.models import Location

NEEDS = ("orders:read", "stock:read")
SOON = timedelta(hours=24)  # a pickup that expires sooner is worth a call to the customer
LAST_ORDERS = 8

# Of the laws, those that need not read the ledger. Still a scan of the stock, so kept a while.
CHEAP_LAWS = ("never_oversold", "reserved_is_the_sum_of_live_claims", "guards_stand")
POOL_KEPT = 30  # seconds

UNFINISHED_COUNTS = (CountState.OPEN.value, CountState.REVIEW.value)

ANYWHERE = None  # the location of a backorder that any building may fill


@dataclass(frozen=True, slots=True)
class Urgent:
    """Those of a figure's rows that will not wait, and how the admin's list is narrowed to them.

    `title` follows their number, `hint` says the same in full.
    """

    title: str
    hint: str
    listed: Mapping[str, Any]
    rows: Q


@dataclass(frozen=True, slots=True)
class Figure:
    """One number of the page: the rows it counts, and the admin's query that lists the same.

    `listed` may only use lookups that the admin takes from an address; where that cannot say
    it, `rows` narrows further and `listed` names the admin's own filter. `place` is the column
    of the location that has something to do, `picker` the admin's filter by it, if it has one.
    """

    key: str
    title: str
    hint: str
    all: QuerySet[Any]
    listed: Mapping[str, Any]
    rows: Q | None = None
    place: str = "location"
    picker: str = ""
    urgent: Urgent | None = None

    def count(self, places: Sequence[int] | None) -> dict[int | None, Found]:
        """Count the rows by location id, in one query; `places`: only these locations."""
        rows = self.all.filter(Q(**self.listed) if self.rows is None else self.rows)
        if places is not None:
            rows = rows.filter(**{f"{self.place}__in": places})
        hurried = self.urgent.rows if self.urgent else Q(pk__in=[])
        counted = (
            rows.order_by()
            .values(self.place)
            .annotate(found=Count("pk"), hurried=Count("pk", filter=hurried))
        )
        return {row[self.place]: Found(row["found"], row["hurried"]) for row in counted}

    def address(self, **more: str) -> str:
        """Return the address of the admin's list of these rows."""
        meta = self.all.model._meta
        return "{}?{}".format(
            reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist"),
            urlencode({**self.listed, **more}),
        )

    def at(self, location_id: int | None) -> dict[str, str]:
        if location_id is ANYWHERE:
            return {f"{self.place}__isnull": "True"}
        return {self.picker or f"{self.place}__id__exact": str(location_id)}

    def among(self, places: Sequence[int] | None) -> dict[str, str]:
        if places is None:
            return {}
        return {self.picker or f"{self.place}__id__in": ",".join(map(str, places))}


class Found(NamedTuple):
    """How many rows there are, and how many of them will not wait."""

    all: int = 0
    urgent: int = 0


@dataclass(frozen=True, slots=True)
class Cell:
    """A figure at one location, or over all; `href` is empty where there is nothing to follow."""

    figure: Figure
    count: int
    href: str = ""
    # Of `count`, those that will not wait.
    urgent: int = 0
    urgent_href: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """One location's line of the table; without a location, what no location is named for."""

    location: Location | None
    cells: Sequence[Cell]
    open_now: bool = False
    clock: str = ""  # its local time and what its doors do next


@dataclass(slots=True)
class Overview:
    """All that the page shows to somebody who is signed in."""

    totals: Sequence[Cell]
    busy: list[Row] = field(default_factory=list)
    idle: list[Row] = field(default_factory=list)


def figures(at: datetime) -> list[Figure]:
    """Return the columns of the page."""
    soon = (at + SOON).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    # Goods for another shop's customer are work of the building where they are picked.
    picked = Fulfilment.objects.annotate(picked_in=Coalesce("source_id", "location_id"))

    def to_send(key: str, state: FulfilmentState, title: str, hint: str) -> Figure:
        return Figure(
            key, title, hint, picked, {"state__exact": state.value},
            place="picked_in", picker=PICKED_AT,
        )  # fmt: skip

    return [
        to_send("open", FulfilmentState.OPEN, "To pick", "not begun"),
        to_send("picking", FulfilmentState.PICKING, "Being picked", "begun"),
        to_send("packed", FulfilmentState.PACKED, "Packed", "waits for carrier or van"),
        Figure("ready", "Ready for pickup", "waits in its bay", Fulfilment.objects.all(),
               {"state__exact": FulfilmentState.READY.value},
               urgent=Urgent("soon", "expire within 24 hours", {"pickup_expires_at__lt": soon},
                             Q(pickup_expires_at__lt=soon))),
        Figure("waiting", "Backorders", "lines without stock", OrderLine.objects.all(),
               {"backordered__gt": 0}),
        Figure("inspect", "To inspect", "returned, undecided", ReturnReceiptLine.objects.all(),
               {"waiting": "yes"},
               rows=Q(disposition=Disposition.INSPECT, moved_on__lt=F("quantity"))),
        Figure("due", "Deliveries due", "by today, not all here",
               with_due(ExpectedDelivery.objects.all()), {"due": "due"}, rows=RULES["due"][1],
               urgent=Urgent("overdue", "are overdue", {"due": "overdue"}, RULES["overdue"][1])),
        Figure("arriving", "Transfers under way", "dispatched, not all arrived",
               Transfer.objects.all(), {"state__exact": TransferState.IN_TRANSIT.value},
               place="destination"),
        Figure("counts", "Counts", "being counted, or in review", StockCount.objects.all(),
               {"state__in": ",".join(UNFINISHED_COUNTS)}, rows=Q(state__in=UNFINISHED_COUNTS),
               urgent=Urgent("to review", "are to be reviewed",
                             {"state__in": CountState.REVIEW.value}, Q(state=CountState.REVIEW))),
    ]  # fmt: skip


def may_open(user: User, model: type[Model]) -> bool:
    """Say whether the admin shows this table to this person."""
    meta = model._meta
    allowed = user.is_staff and user.has_perm(f"{meta.app_label}.view_{meta.model_name}")
    return allowed and admin.site.is_registered(model)


def look_around(user: User, *, at: datetime) -> Overview:
    """Count what there is to do at every location that this person sees: one query a figure."""
    principal = user.principal()
    locations = list(Location.objects.all())
    places: list[int] | None = None
    if principal.locations is not None:
        locations = [place for place in locations if principal.sees_location(place.code)]
        places = [place.pk for place in locations]
    columns = figures(at)
    counts = {figure.key: figure.count(places) for figure in columns}
    open_to = {figure.key: may_open(user, figure.all.model) for figure in columns}

    def cell(figure: Figure, found: Found, place: dict[str, str]) -> Cell:
        linked = found.all and open_to[figure.key]
        hurried = figure.urgent if linked and found.urgent else None
        return Cell(
            figure,
            found.all,
            figure.address(**place) if linked else "",
            found.urgent,
            figure.address(**{**hurried.listed, **place}) if hurried else "",
        )

    def cells(location_id: int | None) -> list[Cell]:
        return [
            cell(figure, counts[figure.key].get(location_id, Found()), figure.at(location_id))
            for figure in columns
        ]

    def everywhere(figure: Figure) -> Cell:
        found = counts[figure.key].values()
        total = Found(sum(each.all for each in found), sum(each.urgent for each in found))
        return cell(figure, total, figure.among(places))

    overview = Overview(totals=[everywhere(figure) for figure in columns])
    for place in locations:
        row = Row(place, cells(place.pk), *doors_of(place, at))
        (overview.busy if any(here.count for here in row.cells) else overview.idle).append(row)
    if ANYWHERE in counts["waiting"]:
        overview.busy.append(Row(None, cells(ANYWHERE)))
    return overview


def doors_of(location: Location, at: datetime) -> tuple[bool, str]:
    """Say whether a building is open, with the time on its own clock."""
    hours = location.opening_hours
    local = at.astimezone(location.zone)
    opens = hours.next_opening(at)
    if opens == at.astimezone(UTC):
        return True, f"{local:%H:%M}, open"
    if opens is None:
        return False, f"{local:%H:%M}, closed"
    then = opens.astimezone(location.zone)
    day = "" if then.date() == local.date() else f"{then:%a} "
    return False, f"{local:%H:%M}, opens {day}{then:%H:%M}"


def last_orders(principal: Principal) -> list[dict[str, Any]]:
    """Return the newest orders that concern this person's locations, in two queries."""
    rows = Order.objects.select_related("channel")
    if principal.locations is not None:
        places = list(principal.locations)
        concerned = Fulfilment.objects.filter(
            Q(location__code__in=places) | Q(source__code__in=places)
        )
        rows = rows.filter(pk__in=concerned.values("order"))
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
    """Return what the cheap laws of the pool say, at most half a minute old."""
    report: Report | None = cache.get("overview.pool")
    if report is None:
        report = check_laws([law for law in POOL_LAWS if law.name in CHEAP_LAWS])
        cache.set("overview.pool", report, POOL_KEPT)
    return report


@dataclass(frozen=True, slots=True)
class Alarm:
    """That the last nightly check found something; `href` where the person may look at it."""

    check: Reconciliation
    href: str


def last_alarm(user: User) -> Alarm | None:
    """Return what the last check of the laws found, if it found anything."""
    check = last_reconciliation()
    if check is None or not check.violation_count:
        return None
    page = reverse("admin:orders_reconciliation_change", args=[check.pk])
    return Alarm(check, page if may_open(user, Reconciliation) else "")


@never_cache
@require_safe
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
