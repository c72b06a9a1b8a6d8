"""The admin: everything is there, stock is only looked at, edits go through the commands."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.apps import apps
from django.contrib import admin
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from inventory.models import (
    Barcode,
    Count,
    CountEntry,
    Drift,
    ExpectedDelivery,
    KeepRule,
    LastCount,
    Placement,
    Product,
    Reservation,
    ReservationGroup,
    RingFence,
    Sku,
    Stock,
    StockMovement,
    Transfer,
)
from omniretail.access.models import ApiClient, ApiKey, User
from omniretail.access.principal import SYSTEM
from omniretail.admin_site import UNFOLD
from omniretail.audit.models import AuditRecord
from omniretail.audit.record import record
from omniretail.idempotency.models import StoredAnswer
from omniretail.outbox.models import Event, Gap, Relay, Run
from orders.commands.reconcile import reconcile
from orders.models import (
    Customer,
    Fulfilment,
    Order,
    OrderLine,
    PickList,
    Reconciliation,
    Return,
    ReturnReceiptLine,
    Scan,
    SourcingReceipt,
)
from stores.models import Bin, Channel, Location, NetworkRevision
from tests.builders import make_channel, make_location, make_sku, stock_up
from tests.conftest import ApiCaller

pytestmark = pytest.mark.django_db

OURS = ("stores", "inventory", "orders", "access", "outbox", "idempotency", "audit")
LOOKED_AT = (
    Barcode,
    Stock,
    StockMovement,
    Reservation,
    ReservationGroup,
    Transfer,
    ExpectedDelivery,
    Count,
    CountEntry,
    Drift,
    LastCount,
    Order,
    Customer,
    SourcingReceipt,
    Fulfilment,
    PickList,
    Scan,
    Return,
    ReturnReceiptLine,
    Reconciliation,
    Event,
    Relay,
    StoredAnswer,
    AuditRecord,
    NetworkRevision,
    ApiKey,
)
EDITED = (Sku, Product, Placement, RingFence, KeepRule, Location, Bin, Channel, User, ApiClient)


@pytest.fixture
def desk() -> Client:
    """A manager at the admin."""
    client = Client()
    client.force_login(User.objects.create_superuser("manager", "m@example.org", "secret"))
    return client


@pytest.fixture
def day(api: ApiCaller) -> str:
    """A day of business that leaves a row in every table; the number of its order."""
    home = make_location("W1", address={"line1": "1 Dock Road"})
    make_location("S1", kind="store")
    web = make_channel("web")
    product = Product.objects.create(code="SHIRT", name="Shirt", size_guide={"M": "50 cm"})
    sku = make_sku("A1", product=product)
    Barcode.objects.create(sku=sku, code="05012345678900")
    stock_up(sku, home, 50)
    shelf = Bin.objects.create(location=home, code="B-1", walk=1)
    Placement.objects.create(sku=sku, bin=shelf)
    RingFence.objects.create(channel=web, sku=sku, location=home, quantity=2)
    KeepRule.objects.create(code="walk-ins", kind="safety_stock", sku=sku, quantity=3)
    hold = {"channel": "web", "reference": "cart-1", "ttl_seconds": 600}
    done(api.post("reservations", hold | {"lines": [{"sku": "A1", "quantity": 1}]}))
    transfer = {"from": "W1", "to": "S1", "lines": [{"sku": "A1", "quantity": 3}]}
    moved = done(api.post("transfers", transfer))
    done(api.post(f"transfers/{moved['id']}/dispatch"))
    asn = {"location": "W1", "reference": "ASN-1", "lines": [{"sku": "A1", "quantity": 4}]}
    expected = done(api.post("deliveries", asn))
    arrived = {"lines": [{"sku": "A1", "quantity": 1}]}
    done(api.post(f"deliveries/{expected['id']}/receipts", arrived))
    order = place(api, "W-1", quantity=2)
    walk = done(api.post("pick-lists", {"location": "W1", "max_orders": 5, "mode": "single"}))
    scan = {"scan_id": str(uuid.uuid4()), "payload": "5012345678900", "quantity": 2}
    done(api.post(f"pick-lists/{walk['id']}/scans", {"scans": [scan]}))
    fulfilment = Fulfilment.objects.get(order__number=order).code
    done(api.post(f"fulfilments/{fulfilment}/pack"))
    ship = {"carrier": "Royal Mail", "tracking_number": "RM1"}
    done(api.post(f"fulfilments/{fulfilment}/ship", ship))
    come_back(api, order)
    count_all(api, Stock.objects.get(sku=sku, location=home).on_hand + 1)
    Relay.objects.get_or_create(pk=1)
    assert reconcile(actor=SYSTEM) is not None
    record(actor=SYSTEM, action="day.closed", subject="locations/W1")
    return order


def count_all(api: ApiCaller, units: int) -> None:
    """Count A1 in W1 and put the record right."""
    count = done(api.post("stock/counts", {"location": "W1", "select": {"skus": ["A1"]}}))
    door = f"stock/counts/{count['id']}"
    entry = {"entry_id": str(uuid.uuid4()), "sku": "A1", "quantity": units}
    done(api.post(f"{door}/entries", {"entries": [entry]}))
    done(api.post(f"{door}/submit"))
    done(api.post(f"{door}/apply"))


def done(answer: Any) -> Any:
    assert answer.status_code in (200, 201), answer.json()
    return answer.json()


def place(api: ApiCaller, external_id: str, *, quantity: int = 1, **more: Any) -> str:
    body = {
        "channel": "web",
        "external_id": external_id,
        "currency": "GBP",
        "customer": {"name": "Jo Reed", "email": "jo@example.org"},
        "ship_to": {"line1": "2 Elm Row", "country": "GB", "latitude": 53.9, "longitude": -1.0},
        "lines": [{"line_id": "1", "sku": "A1", "quantity": quantity, "unit_price": "19.99"}],
    }
    number: str = done(api.post("orders", body | more))["number"]
    return number


def come_back(api: ApiCaller, order: str) -> None:
    line = {"line_id": "1", "quantity": 1}
    ret = done(
        api.post(
            "returns",
            {
                "order": order,
                "channel": "web",
                "lines": [line | {"reason": "too small"}],
                "resolution": "refund",
                "drop_off": {"type": "store"},
            },
        )
    )
    arrival = {"location": "W1", "lines": [line | {"disposition": "inspect"}]}
    done(api.post(f"returns/{ret['id']}/receipts", arrival))


def page(kind: str, model: Any, *args: Any, **query: Any) -> str:
    address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{kind}", args=args)
    return address + ("?" + "&".join(f"{k}={v}" for k, v in query.items()) if query else "")


def text_of(answer: Any) -> str:
    """Return what a person reads on a page."""
    assert answer.status_code == 200, answer.status_code
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def rows_in(answer: Any) -> int:
    assert answer.status_code == 200, answer.status_code
    return len(answer.context["cl"].result_list)


def cost(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address).status_code == 200
    return len(queries)


# Everything is there


def test_every_table_of_ours_has_a_page_or_a_place_on_one() -> None:
    shown = {inline.model for desk in admin.site._registry.values() for inline in desk.inlines}
    models = [m for label in OURS for m in apps.get_app_config(label).get_models()]
    books_of_the_relay = {Run, Gap}  # how far it has come stands on its page
    shown |= books_of_the_relay
    missing = [m.__name__ for m in models if m not in admin.site._registry and m not in shown]
    assert missing == []


def test_the_sidebar_leads_to_every_list(desk: Client) -> None:
    groups = UNFOLD["SIDEBAR"]["navigation"]
    links = {str(item["link"]) for group in groups for item in group["items"]}
    lists = {page("changelist", model) for model in admin.site._registry}
    assert lists <= links
    for other in links - lists:
        assert desk.get(other).status_code == 200, other


def test_every_list_and_every_page_opens(desk: Client, day: str) -> None:
    empty = []
    for model in (*LOOKED_AT, *EDITED):
        row = model._default_manager.first()
        if row is None:
            empty.append(model.__name__)
            continue
        assert rows_in(desk.get(page("changelist", model))) > 0, model
        answer = desk.get(page("change", model, row.pk))
        assert answer.status_code == 200, (model, answer.status_code)
    assert empty == []


def test_what_is_edited_has_a_page_to_add_it(desk: Client) -> None:
    for model in EDITED:
        assert desk.get(page("add", model)).status_code == 200, model


def test_the_front_page_opens_for_staff_alone(desk: Client) -> None:
    assert desk.get(reverse("admin:index")).status_code == 200
    stranger = Client().get(reverse("admin:index"))
    assert (stranger.status_code, "login" in stranger.url) == (302, True)


# Stock and life cycles are looked at


def test_nothing_of_the_pool_or_of_a_life_cycle_is_edited(desk: Client, day: str) -> None:
    for model in LOOKED_AT:
        row = model._default_manager.first()
        assert desk.get(page("add", model)).status_code == 403, model
        assert desk.post(page("change", model, row.pk), {}).status_code == 403, model
        assert desk.post(page("delete", model, row.pk), {"post": "yes"}).status_code == 403, model
        bulk = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        desk.post(page("changelist", model), bulk)
        assert model._default_manager.filter(pk=row.pk).exists(), model
        assert b'name="_save"' not in desk.get(page("change", model, row.pk)).content, model


def test_what_history_refers_to_never_vanishes(desk: Client, day: str) -> None:
    for model in (Sku, Product, Location, Channel):
        row = model._default_manager.first()
        assert desk.post(page("delete", model, row.pk), {"post": "yes"}).status_code == 403


def test_a_member_of_staff_without_rights_sees_nothing(desk: Client, day: str) -> None:
    clerk = Client()
    clerk.force_login(User.objects.create_user("clerk", password="secret", is_staff=True))
    assert clerk.get(page("changelist", Stock)).status_code == 403


# Finding


def test_orders_are_found_by_what_people_have_in_hand(
    desk: Client, api: ApiCaller, day: str
) -> None:
    place(api, "W-2")
    customer = Customer.objects.get()
    for word, count in ((day, 1), ("W-2", 1), ("JO@example.org", 2), ("W-", 0), ("999", 0)):
        assert rows_in(desk.get(page("changelist", Order, q=word))) == count, word
    own = page("changelist", Order, customer__id__exact=customer.pk)
    assert rows_in(desk.get(own)) == 2


def test_everything_else_is_found(desk: Client, day: str) -> None:
    fulfilment = Fulfilment.objects.get()
    for model, word in (
        (Sku, "A1"),
        (Sku, "Article"),
        (Sku, "5012345678900"),
        (Stock, "A1"),
        (Stock, "5012345678900"),
        (StockMovement, "A1"),
        (StockMovement, f"return/{Return.objects.get().pk}"),
        (Reservation, day),
        (ReservationGroup, "cart-1"),
        (ReservationGroup, str(ReservationGroup.objects.get().pk)),
        (Fulfilment, fulfilment.code),
        (Fulfilment, day),
        (Fulfilment, "RM1"),
        (PickList, day),
        (Scan, str(PickList.objects.get().pk)),
        (Return, day),
        (Event, day),
        (AuditRecord, "manager@nowhere"),
        (Customer, "jo@example.org"),
        (SourcingReceipt, day),
        (Location, "W1"),
    ):
        found = rows_in(desk.get(page("changelist", model, q=word)))
        assert found > 0 or model is AuditRecord, (model, word)
    assert rows_in(desk.get(page("changelist", Stock, q="no such"))) == 0


def test_lists_are_filtered(desk: Client, day: str) -> None:
    for model, query, count in (
        (Order, {"state": "completed"}, 1),
        (Order, {"state": "open"}, 0),
        (Order, {"state": "nonsense"}, 1),
        (Fulfilment, {"state__exact": "shipped", "type__exact": "ship"}, 1),
        (Fulfilment, {"state__exact": "open"}, 0),
        (Stock, {"shelf": "unavailable"}, 1),
        (Stock, {"shelf": "empty"}, 0),
        (Return, {"state__exact": "received"}, 1),
        (Location, {"kind__exact": "store"}, 1),
        (StockMovement, {"reason__exact": "shipped"}, 1),
        (Event, {"about": "return"}, 2),
        (StoredAnswer, {"answer": "refused"}, 0),
    ):
        found = rows_in(desk.get(page("changelist", model, **query)))
        assert found == count, (model, query)


# The ledger is one click away


def test_the_ledger_of_a_sku_is_one_click_away_and_newest_first(desk: Client, day: str) -> None:
    stock_up(make_sku("B1"), Location.objects.get(code="W1"), 5)
    sku, stock = Sku.objects.get(code="A1"), Stock.objects.get(sku__code="A1", location__code="W1")
    whole = page("changelist", StockMovement, sku__id__exact=sku.pk)
    row = f"{whole}&amp;location__id__exact={stock.location_id}"
    assert whole in desk.get(page("changelist", Sku)).content.decode()
    assert whole in desk.get(page("change", Sku, sku.pk)).content.decode()
    assert row in desk.get(page("changelist", Stock)).content.decode()
    with CaptureQueriesContext(connection) as queries:
        answer = desk.get(whole)
    found = [movement.pk for movement in answer.context["cl"].result_list]
    assert found == list(
        StockMovement.objects.filter(sku=sku).order_by("-id").values_list("pk", flat=True)
    )
    counting = [q["sql"] for q in queries if "COUNT(" in q["sql"].upper()]
    assert [sql for sql in counting if "inventory_stockmovement" in sql] == []


def test_an_order_tells_its_whole_story(desk: Client, day: str) -> None:
    order = Order.objects.get(number=day)
    shown = text_of(desk.get(page("change", Order, order.pk)))
    for words in (
        "Completed",
        "39.98 GBP",
        "19.99",
        "Jo Reed",
        "2 x A1",
        "1 of 1 x A1",
        "Royal Mail",
        "shipped",
        "Return",
        "Refund of 19.99 GBP asked for",
        "Chosen.",
    ):
        assert words in shown, words


# No page asks once per row


def test_a_list_asks_the_same_however_long(desk: Client, api: ApiCaller, day: str) -> None:
    models = [*LOOKED_AT, *EDITED]
    desk.get(reverse("admin:index"))
    few = {model: cost(desk, page("changelist", model)) for model in models}
    more_of_everything(api)
    many = {model: cost(desk, page("changelist", model)) for model in models}
    assert many == few


def test_the_page_of_an_order_asks_the_same_however_many_lines(
    desk: Client, api: ApiCaller, day: str
) -> None:
    few = cost(desk, page("change", Order, Order.objects.get(number=day).pk))
    for code in ("B1", "C1", "D1"):
        stock_up(make_sku(code), Location.objects.get(code="W1"), 9)
    body = {
        "channel": "web",
        "external_id": "W-9",
        "currency": "GBP",
        "customer": {"email": "jo@example.org"},
        "ship_to": {"country": "GB"},
        "lines": [
            {"line_id": code, "sku": code, "quantity": 1, "unit_price": "1.00"}
            for code in ("A1", "B1", "C1", "D1")
        ],
    }
    number = done(api.post("orders", body))["number"]
    code = Fulfilment.objects.get(order__number=number).code
    units = [{"line_id": line, "quantity": 1} for line in ("A1", "B1", "C1", "D1")]
    done(api.post(f"fulfilments/{code}/pick", {"lines": units}))
    done(api.post(f"fulfilments/{code}/pack"))
    done(api.post(f"fulfilments/{code}/ship", {"carrier": "DHL", "tracking_number": "2"}))
    for line in units:
        announce = {
            "order": number,
            "channel": "web",
            "lines": [line | {"reason": "x"}],
            "resolution": "refund",
            "drop_off": {"type": "store"},
        }
        done(api.post("returns", announce))
    assert cost(desk, page("change", Order, Order.objects.get(number=number).pk)) == few


def more_of_everything(api: ApiCaller) -> None:
    for number in range(3):
        sku = make_sku(f"M{number}", product=Product.objects.create(code=f"P{number}"))
        home = Location.objects.get(code="W1")
        stock_up(sku, home, 5)
        Barcode.objects.create(sku=sku, code=f"IN-{number}")
        Placement.objects.create(sku=sku, bin=Bin.objects.create(location=home, code=f"M-{number}"))
        fence = {"channel": Channel.objects.get(), "sku": sku, "location": home, "quantity": 1}
        RingFence.objects.create(**fence)
        KeepRule.objects.create(code=f"r{number}", kind="ring_fence", **fence)
        ApiClient.objects.create(name=f"client {number}")
        order = place(api, f"M-{number}")
        walk = {"location": "W1", "max_orders": 5, "mode": "single"}
        done(api.post("pick-lists", walk))
        code = Fulfilment.objects.get(order__number=order).code
        done(api.post(f"fulfilments/{code}/pick", {"lines": [{"line_id": "1", "quantity": 1}]}))
        done(api.post(f"fulfilments/{code}/pack"))
        done(api.post(f"fulfilments/{code}/ship", {"carrier": "DHL", "tracking_number": "3"}))
        come_back(api, order)
        count_all(api, Stock.objects.get(sku__code="A1", location=home).on_hand + 1)


# Editing


def form_of(desk: Client, address: str) -> dict[str, Any]:
    """Return what a browser would send back unchanged."""
    answer = desk.get(address)
    assert answer.status_code == 200
    form = answer.context["adminform"].form
    data = {}
    for name in form.fields:
        value = form[name].value()
        if value not in (None, False):
            data[name] = value
    for inline in answer.context["inline_admin_formsets"]:
        for field in inline.formset.management_form:
            data[field.html_name] = field.value()
    return data


def errors_in(answer: Any) -> dict[str, Any]:
    assert answer.status_code == 200
    return dict(answer.context["adminform"].form.errors)


def test_editing_a_location_goes_through_its_command(desk: Client, day: str) -> None:
    place_ = Location.objects.get(code="S1")
    address = page("change", Location, place_.pk)
    data = form_of(desk, address)
    assert "code" not in data
    hours = '{"mon": [["09:00", "18:00"]]}'
    answer = desk.post(address, data | {"name": "High Street", "hours": hours, "priority": "7"})
    assert answer.status_code == 302, errors_in(answer)
    changed = Location.objects.get(pk=place_.pk)
    assert (changed.name, changed.hours, changed.priority) == (
        "High Street",
        {"mon": [["09:00", "18:00"]]},
        7,
    )
    assert changed.version == place_.version + 1
    record = AuditRecord.objects.get(action="location.changed")
    assert (record.actor, record.subject) == ("manager", "locations/S1")


def test_a_location_is_checked_as_the_api_checks_it(desk: Client, day: str) -> None:
    place_ = Location.objects.get(code="S1")
    address = page("change", Location, place_.pk)
    form = form_of(desk, address)
    for field, value in (
        ("hours", '{"mon": [["18:00", "09:00"]]}'),
        ("hours", '{"someday": []}'),
        ("hours", '["mon"]'),
        ("hours", "{"),
        ("exceptions", '{"2026-02-30": []}'),
        ("timezone", "Europe/Atlantis"),
        ("latitude", ""),
        ("address", '"here"'),
    ):
        answer = desk.post(address, form | {field: value})
        assert list(errors_in(answer)) == [field], (field, value)
    assert Location.objects.get(pk=place_.pk).version == place_.version


def test_a_location_is_opened(desk: Client, day: str) -> None:
    data = form_of(desk, page("add", Location))
    new = {"code": "S9", "name": "New", "kind": "store", "timezone": "Europe/London"}
    assert desk.post(page("add", Location), data | new).status_code == 302
    assert Location.objects.get(code="S9").name == "New"
    answer = desk.post(page("add", Location), data | new | {"code": "a/b"})
    assert list(errors_in(answer)) == ["code"]


def test_barcodes_are_checked_and_normalised(desk: Client, day: str) -> None:
    sku = Sku.objects.get(code="A1")
    other = make_sku("B1")
    address = page("change", Sku, sku.pk)
    data = form_of(desk, address)
    assert data["barcodes"] == "05012345678900"
    bad = desk.post(address, data | {"barcodes": "5012345678901"})
    assert "5012345678901" in errors_in(bad)["barcodes"][0]
    good = desk.post(address, data | {"barcodes": "96385074\nIN-HOUSE-1", "price": "12.5"})
    assert good.status_code == 302, errors_in(good)
    codes = set(sku.barcodes.values_list("code", flat=True))
    assert codes == {"00000096385074", "IN-HOUSE-1"}
    assert Sku.objects.get(pk=sku.pk).version == sku.version + 1
    theirs = page("change", Sku, other.pk)
    taken = desk.post(theirs, form_of(desk, theirs) | {"barcodes": "IN-HOUSE-1"})
    assert errors_in(taken)["barcodes"] == ["IN-HOUSE-1 belongs to A1"]
    dear = desk.post(theirs, form_of(desk, theirs) | {"price": "-1"})
    assert list(errors_in(dear)) == ["price"]


def test_a_new_size_guide_is_news_of_its_skus(desk: Client, day: str) -> None:
    product, sku = Product.objects.get(), Sku.objects.get(code="A1")
    address = page("change", Product, product.pk)
    assert desk.post(address, form_of(desk, address) | {"size_guide": "[1]"}).status_code == 200
    answer = desk.post(address, form_of(desk, address) | {"size_guide": '{"M": "51 cm"}'})
    assert answer.status_code == 302
    assert Product.objects.get().size_guide == {"M": "51 cm"}
    assert Sku.objects.get(pk=sku.pk).version == sku.version + 1


def test_a_channel_sells_from_some_locations(desk: Client, day: str) -> None:
    channel, shop = Channel.objects.get(), Location.objects.get(code="S1")
    address = page("change", Channel, channel.pk)
    data = form_of(desk, address)
    data.pop("all_locations")
    assert desk.post(address, data | {"locations": [shop.pk]}).status_code == 302
    changed = Channel.objects.get()
    assert (changed.all_locations, list(changed.locations.all())) == (False, [shop])
    assert changed.version == channel.version + 1
    everywhere = {"all_locations": "on", "locations": [shop.pk]}
    assert desk.post(address, data | everywhere).status_code == 302
    assert not Channel.objects.get().locations.exists()


def test_bins_placements_and_fences_are_news_of_what_they_belong_to(desk: Client, day: str) -> None:
    home, sku = Location.objects.get(code="W1"), Sku.objects.get()

    def versions() -> tuple[int, int]:
        return Location.objects.get(pk=home.pk).version, Channel.objects.get().version

    first = versions()
    new = {"location": home.pk, "code": "B-2", "walk": 2}
    assert desk.post(page("add", Bin), new).status_code == 302
    lies = {"sku": sku.pk, "bin": Bin.objects.get(code="B-2").pk}
    assert desk.post(page("add", Placement), lies).status_code == 302
    gone = page("delete", Placement, Placement.objects.get(bin__code="B-2").pk)
    assert desk.post(gone, {"post": "yes"}).status_code == 302
    bulk = {"action": "delete_selected", "post": "yes"}
    bulk |= {"_selected_action": Bin.objects.get(code="B-2").pk}
    assert desk.post(page("changelist", Bin), bulk).status_code == 302
    assert not Bin.objects.filter(code="B-2").exists()
    assert versions() == (first[0] + 4, first[1])
    fence = RingFence.objects.get()
    address = page("change", RingFence, fence.pk)
    assert desk.post(address, {"quantity": 5}).status_code == 302
    assert desk.post(page("delete", RingFence, fence.pk), {"post": "yes"}).status_code == 302
    assert versions() == (first[0] + 4, first[1] + 2)


# Keys


def test_a_key_is_shown_once_and_works(desk: Client, day: str) -> None:
    client = ApiClient.objects.create(name="till", scopes=["orders:read"])
    address = page("change", ApiClient, client.pk)
    issue = address.replace("/change/", "/issue-key/")
    assert issue in desk.get(address).content.decode()
    assert not client.keys.exists()
    desk.get(issue)
    assert not client.keys.exists(), "looking at the page must not make a key"
    answer = desk.post(issue, {"expires_at_0": "", "expires_at_1": ""})
    assert "no-store" in answer["Cache-Control"]
    (key,) = re.findall(r"omni_[\w-]+", answer.content.decode())
    assert ApiCaller(key).get("orders").status_code == 200
    assert AuditRecord.objects.filter(action="api_key.issued").count() == 1
    row = client.keys.get()
    for again in (address, page("changelist", ApiKey), page("change", ApiKey, row.pk)):
        shown = desk.get(again).content.decode()
        assert row.hint in shown
        assert key not in shown
        assert bytes(row.digest).hex() not in shown
    bulk = {"action": "revoke", "_selected_action": [row.pk]}
    assert desk.post(page("changelist", ApiKey), bulk).status_code == 302
    assert ApiCaller(key).get("orders").status_code == 401
    assert AuditRecord.objects.filter(action="api_key.revoked").count() == 1


def test_a_key_does_not_end_before_it_began(desk: Client, day: str) -> None:
    client = ApiClient.objects.create(name="till", scopes=["orders:read"])
    issue = page("change", ApiClient, client.pk).replace("/change/", "/issue-key/")
    for past in ({"expires_at_0": "2020-01-01", "expires_at_1": "00:00"}, {"expires_at_0": "x"}):
        assert desk.post(issue, past).status_code == 200
    assert not client.keys.exists()


def test_scopes_are_chosen_from_those_there_are(desk: Client) -> None:
    data = {
        "name": "shop",
        "channels": "web, pos",
        "locations": "",
        "keys-TOTAL_FORMS": 0,
        "keys-INITIAL_FORMS": 0,
    }
    refused = desk.post(page("add", ApiClient), data | {"scopes": ["everything"]})
    assert list(errors_in(refused)) == ["scopes"]
    answer = desk.post(page("add", ApiClient), data | {"scopes": ["orders:read", "stock:read"]})
    assert answer.status_code == 302, errors_in(answer)
    client = ApiClient.objects.get(name="shop")
    assert (client.scopes, client.channels) == (["orders:read", "stock:read"], ["web", "pos"])


def test_a_colleague_is_hired_and_given_a_shop(desk: Client) -> None:
    new = {"username": "sam", "usable_password": "true", "role": "associate"}
    password = {"password1": "long-enough-7", "password2": "long-enough-7"}
    answer = desk.post(page("add", User), new | password)
    assert answer.status_code == 302, errors_in(answer)
    sam = User.objects.get(username="sam")
    assert sam.check_password("long-enough-7")
    address = page("change", User, sam.pk)
    data = form_of(desk, address) | {"locations": "S1, S2"}
    data |= {"last_login_0": "", "last_login_1": ""}
    answer = desk.post(address, data)
    assert answer.status_code == 302, errors_in(answer)
    principal = User.objects.get(pk=sam.pk).principal()
    assert principal.locations == {"S1", "S2"}
    assert principal.may("returns:write")
    assert not principal.may("orders:write")


# What is kept from sale


RULE = {"code": "friday", "kind": "ring_fence", "quantity": 10, "note": "Newsletter"}


def test_a_keep_rule_is_made_changed_and_removed(desk: Client, day: str) -> None:
    web = Channel.objects.get()
    assert "There is no rule yet" not in text_of(desk.get(page("changelist", KeepRule)))
    assert desk.post(page("add", KeepRule), RULE | {"channel": web.pk}).status_code == 302
    rule = KeepRule.objects.get(code="friday")
    assert (rule.channel, rule.quantity, rule.note) == (web, 10, "Newsletter")
    address = page("change", KeepRule, rule.pk)
    over = {"until_0": "2026-01-02", "until_1": "18:00:00"}
    assert desk.post(address, form_of(desk, address) | {"quantity": 4} | over).status_code == 302
    rule.refresh_from_db()
    assert (rule.quantity, rule.version) == (4, 2)
    shown = text_of(desk.get(page("changelist", KeepRule)))
    for words in ("Over", "2 Jan 2026 18:00:00", "Active", "nobody: safety stock", "SKU A1"):
        assert words in shown, words
    assert rows_in(desk.get(page("changelist", KeepRule, state="over"))) == 1
    assert rows_in(desk.get(page("changelist", KeepRule, state="upcoming"))) == 0
    assert desk.post(page("delete", KeepRule, rule.pk), {"post": "yes"}).status_code == 302
    actions = AuditRecord.objects.filter(subject="keep-rules/friday").order_by("id")
    assert [record.action for record in actions] == [
        "keep_rule.made",
        "keep_rule.changed",
        "keep_rule.removed",
    ]


def test_an_empty_list_of_keep_rules_says_what_to_do(desk: Client) -> None:
    assert "There is no rule yet: add one" in text_of(desk.get(page("changelist", KeepRule)))


def test_a_keep_rule_is_checked_as_the_api_checks_it(desk: Client, day: str) -> None:
    moments = {"starts_at_0": "2026-01-02", "starts_at_1": "18:00:00"}
    moments |= {"until_0": "2026-01-02", "until_1": "17:00:00"}
    answer = desk.post(page("add", KeepRule), RULE | moments | {"quantity": 0})
    assert errors_in(answer).keys() == {"channel", "quantity", "until"}
    channel = {"channel": Channel.objects.get().pk}
    answer = desk.post(page("add", KeepRule), RULE | channel | {"kind": "safety_stock"})
    assert errors_in(answer).keys() == {"channel"}
    assert not KeepRule.objects.filter(code="friday").exists()


def test_removing_rules_fills_the_orders_that_wait(desk: Client, api: ApiCaller, day: str) -> None:
    web = make_channel("pos")
    for code in ("x", "y"):
        KeepRule.objects.create(code=code, kind="ring_fence", channel=web, quantity=500)
    place(api, "waits", allow_backorder=True)
    line = OrderLine.objects.get(order__external_id="waits")
    assert line.backordered == 1
    picked = KeepRule.objects.exclude(code="walk-ins").values_list("pk", flat=True)
    bulk = {"action": "delete_selected", "post": "yes", "_selected_action": list(picked)}
    assert desk.post(page("changelist", KeepRule), bulk).status_code == 302
    line.refresh_from_db()
    assert (line.backordered, line.reserved) == (0, 1)


def test_stock_says_what_is_kept_and_why(desk: Client, day: str) -> None:
    for address in (
        page("changelist", Stock),
        page("change", Stock, Stock.objects.get(location__code="W1").pk),
    ):
        shown = text_of(desk.get(address))
        assert "3 safety stock (rule walk-ins)" in shown
        assert "2 for web" in shown
