"""The figures of the home page: the rows each counts, and the admin's list of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.db.models import Count, F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse

from inventory.admin.deliveries import RULES, with_due
from inventory.choices import CountState, TransferState
from inventory.models import Count as StockCount
from inventory.models import ExpectedDelivery, Transfer
from orders.admin.fulfilments import PICKED_AT
from orders.choices import Disposition, FulfilmentState
from orders.models import Fulfilment, OrderLine, ReturnReceiptLine

SOON = timedelta(hours=24)  # a pickup that expires sooner is urgent: call the customer

UNFINISHED_COUNTS = (CountState.OPEN.value, CountState.REVIEW.value)

ANYWHERE = None  # the location of a backorder that any building may fill


@dataclass(frozen=True, slots=True)
class Urgent:
    """The urgent rows of a figure, and the filter of the admin's list for them.

    `title` follows their number, `hint` is the full text.
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
    """How many rows there are, and how many of them are urgent."""

    all: int = 0
    urgent: int = 0


def figures(at: datetime) -> list[Figure]:
    """Return the columns of the page."""
    soon = (at + SOON).astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    # Goods for another shop's customer count for the location where they are picked.
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
