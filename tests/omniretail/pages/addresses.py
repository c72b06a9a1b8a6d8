"""Every page that the service has, and with what a test fills its address in.

Pages are found in the resolver, so that new ones are tried without a word here. One whose arguments
are in none of these tables fails `test_every_argument_is_known`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.db.models import Model
from django.urls import URLPattern, URLResolver, get_resolver

from core.access.models import ApiClient, ApiKey, User
from core.audit.models import AuditRecord, Kind, SecurityRecord
from core.imports.models import Import
from inventory.models import (
    Count,
    CountEntry,
    Drift,
    ExpectedDelivery,
    KeepRule,
    LabelRecord,
    LastCount,
    Placement,
    Reservation,
    ReservationGroup,
    RingFence,
    Stock,
    StockMovement,
    Transfer,
)
from orders.models import (
    Customer,
    Fulfilment,
    Order,
    OrderLine,
    PickList,
    Return,
    ReturnReceiptLine,
    Scan,
    SourcingReceipt,
    Violation,
)
from stores.models import Bin, Channel, Location

ELSEWHERE = "api/v1/"  # what the API does for each role is tried where the API is

# Which column says whose a row is. Rows of other models concern no place: any one of them is taken.
WHOSE: dict[type[Model], str] = {
    ApiClient: "name",
    ApiKey: "client__name",
    AuditRecord: "actor",
    Bin: "location__code",
    Channel: "code",
    Count: "location__code",
    CountEntry: "line__count__location__code",
    Customer: "name",
    Drift: "location__code",
    ExpectedDelivery: "location__code",
    Fulfilment: "location__code",
    Import: "actor",
    KeepRule: "location__code",
    LabelRecord: "location__code",
    LastCount: "location__code",
    Location: "code",
    Order: "external_id",
    OrderLine: "order__external_id",
    PickList: "location__code",
    Placement: "bin__location__code",
    Reservation: "location__code",
    ReservationGroup: "channel__code",
    Return: "channel__code",
    ReturnReceiptLine: "location__code",
    RingFence: "location__code",
    Scan: "pick_list__location__code",
    SecurityRecord: "actor",
    SourcingReceipt: "order__external_id",
    Stock: "location__code",
    StockMovement: "location__code",
    Transfer: "source__code",
    User: "username",
    Violation: "location",
}

# The row that the arguments of a page name; in the pages of a table it is a row of this table.
ROWS: dict[str, type[Model]] = {
    "admin/stock/<identity>/set-apart": Stock,
    "admin/inventory/count/<identity>/work/": Count,
    "admin/access/user/<id>/password/": User,
    "admin/r/<content_type_id>/<object_id>/": Order,
    "staff/pick/<identity>/": PickList,
    "staff/pick/<identity>/short/<line_id>/": PickList,
    "staff/parcels/<code>/": Fulfilment,
}
# How an argument is read from this row, where it is not its key.
COLUMNS: dict[tuple[type[Model], str], Callable[[Any], Any]] = {
    (Fulfilment, "code"): lambda fulfilment: fulfilment.code,
    (PickList, "line_id"): lambda pick_list: pick_list.lines.order_by("pk").first().pk,
}
# Arguments that name no row.
WORDS = {"app_label": "orders", "code": "not-found", "url": "nowhere"}

_ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")


@dataclass(frozen=True, slots=True)
class Page:
    """`route` has its arguments in angle brackets; `model` is of which rows it tells, if of any."""

    route: str
    model: type[Model] | None
    names_row: bool

    def address(self, mark: str) -> str:
        """Return the address with what belongs to one half; raise `KeyError` if none is known."""

        def known(found: re.Match[str]) -> str:
            name = found[1]
            if self.model is not None and (read := COLUMNS.get((self.model, name))):
                return str(read(row_of(self.model, mark)))
            if name in WORDS:
                return WORDS[name]
            if self.model is None or name not in ("object_id", "identity", "id"):
                if name == "content_type_id" and self.model is not None:
                    return str(ContentType.objects.get_for_model(self.model).pk)
                raise KeyError(f"{self.route}: what is {name}?")
            return str(row_of(self.model, mark).pk)

        return "/" + re.sub(r"<(\w+)>", known, self.route)


def pages() -> list[Page]:
    return [_page(route) for route in _routes(get_resolver().url_patterns, "")]


def row_of(model: type[Model], mark: str) -> Any:
    """Return a row of one half; of what concerns no place, any."""
    rows: Any = model._default_manager.order_by("pk")
    if model in WHOSE:
        rows = rows.filter(**{f"{WHOSE[model]}__startswith": mark})
    if model is SecurityRecord:  # the table holds the other records too
        rows = rows.filter(kind=Kind.SECURITY)
    row = rows.first()
    if row is None:
        raise KeyError(f"The retailer has no {model.__name__} of {mark}.")
    return row


def _page(route: str) -> Page:
    model = ROWS.get(route)
    for table in admin.site._registry:
        if route.startswith(f"admin/{table._meta.app_label}/{table._meta.model_name}/"):
            model = model or table
    return Page(route, model, model is not None and "<" in route)


def _routes(patterns: list[Any], before: str) -> Iterator[str]:
    for each in patterns:
        text = str(each.pattern)
        if text.startswith("^") or text.endswith(("$", r"\Z")):
            text = text.strip("^$").removesuffix(r"\Z")
        route = before + _ARGUMENT.sub(lambda found: f"<{found[1] or found[2]}>", text)
        if route.startswith(ELSEWHERE):
            continue
        if isinstance(each, URLResolver):
            yield from _routes(each.url_patterns, route)
        else:
            assert isinstance(each, URLPattern)
            yield route
