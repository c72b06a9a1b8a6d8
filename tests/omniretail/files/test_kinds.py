"""What each kind of file makes of its rows, and which it refuses by line and column."""

from __future__ import annotations

import pytest

from core.imports.models import BadRow
from inventory.models import ExpectedDelivery, Sku, Stock
from orders.models import Order
from stores.models import Location
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import bring_in, counts, row_errors

pytestmark = pytest.mark.django_db

SKU_ROWS = (
    "sku,name,barcodes,price,product,weight_g",
    'A1,"Mug, blue",5012345678900|IN-7,4.50,MUG,310',
    "A2,Plate,,,,",
)


def test_skus_come_with_their_barcodes_and_product(api: ApiCaller) -> None:
    assert counts(bring_in(api, "skus", *SKU_ROWS)) == ("done", 2, 2, 2, 0)
    sku = api.get("skus/A1").json()
    assert {name: sku[name] for name in ("name", "price", "product", "weight_g")} == {
        "name": "Mug, blue",
        "price": "4.50",
        "product": "MUG",
        "weight_g": 310,
    }
    assert sku["barcodes"] == ["05012345678900", "IN-7"]
    assert api.get("skus/A2").json()["price"] is None


def test_skus_twice_change_nothing_and_new_facts_only_what_they_say(api: ApiCaller) -> None:
    bring_in(api, "skus", *SKU_ROWS)
    versions = list(Sku.objects.order_by("code").values_list("version", flat=True))
    assert counts(bring_in(api, "skus", *SKU_ROWS)) == ("done", 2, 2, 0, 0)
    assert list(Sku.objects.order_by("code").values_list("version", flat=True)) == versions
    done = bring_in(api, "skus", "sku,name,price", "A1,Mug,5", "A2,Plate,")
    assert counts(done) == ("done", 2, 2, 1, 0)
    sku = api.get("skus/A1").json()
    assert (sku["name"], sku["price"], sku["weight_g"]) == ("Mug", "5.00", 310)
    assert sku["barcodes"] == ["05012345678900", "IN-7"]


def test_bad_skus_are_named_by_line_and_the_good_ones_land(api: ApiCaller) -> None:
    other = SkuFactory(code="B1")
    BarcodeFactory(sku=other, code="TAKEN")
    done = bring_in(
        api,
        "skus",
        "sku,name,barcodes,price,weight_g",
        "A1,Mug,,1.00,",
        "A?2,Query,,1.00,",
        "A3,,5012345678901,-1,heavy",
        "A4,Other's,TAKEN,,",
        "A1,Again,,,",
        "A5,Short",
        "A6,Fine,IN-6,,",
        "A7,Twin,IN-6,,",
    )
    assert counts(done) == ("done", 8, 8, 2, 6)
    assert row_errors(api, done) == [
        (3, "sku", "invalid_code"),
        (4, "name", "blank"),
        (4, "price", "price"),
        (4, "weight_g", "invalid"),
        (5, "barcodes", "barcode_taken"),
        (6, "sku", "duplicate_row"),
        (7, None, "misshapen_row"),
        (9, "barcodes", "barcode_taken"),
    ]
    assert set(Sku.objects.values_list("code", flat=True)) == {"A1", "A6", "B1"}


def test_a_check_digit_is_named(api: ApiCaller) -> None:
    done = bring_in(api, "skus", "sku,name,barcodes", "A1,Mug,IN-1|5012345678901")
    assert row_errors(api, done) == [(2, "barcodes", "bad_check_digit")]
    done = bring_in(api, "skus", "sku,name,barcodes", "A1,Mug,8.71235E+12")
    assert row_errors(api, done) == [(2, "barcodes", "damaged_barcode")]


def test_barcodes_join_those_that_a_sku_has(api: ApiCaller) -> None:
    for code in ("A1", "A2"):
        SkuFactory(code=code)
    rows = ("sku,barcode", "A1,IN-1", "A1,96385074", "A2,IN-2", "NONE,IN-3", "A2,IN-1")
    rows = (*rows, "A2,96385075")
    done = bring_in(api, "barcodes", *rows)
    assert counts(done) == ("done", 6, 6, 3, 3)
    assert row_errors(api, done) == [
        (5, "sku", "unknown_sku"),
        (6, "barcode", "duplicate_row"),
        (7, "barcode", "bad_check_digit"),
    ]
    assert api.get("skus/A1").json()["barcodes"] == ["00000096385074", "IN-1"]
    assert counts(bring_in(api, "barcodes", *rows[:4])) == ("done", 3, 3, 0, 0)
    taken = bring_in(api, "barcodes", "sku,barcode", "A2,IN-1")
    assert row_errors(api, taken) == [(2, "barcode", "barcode_taken")]


LOCATION_ROWS = (
    "code,name,kind,timezone,latitude,longitude",
    "S1,High Street,store,Europe/London,51.5,-0.1",
    "W1,North,warehouse,Europe/London,,",
)


def test_locations_open_with_what_their_kind_usually_can(api: ApiCaller) -> None:
    assert counts(bring_in(api, "locations", *LOCATION_ROWS)) == ("done", 2, 2, 2, 0)
    shop = api.get("locations/S1").json()
    assert (shop["latitude"], shop["capabilities"]) == (51.5, ["ships", "pickup", "returns"])
    assert api.get("locations/W1").json()["capabilities"] == ["ships", "returns"]
    assert counts(bring_in(api, "locations", *LOCATION_ROWS)) == ("done", 2, 2, 0, 0)


def test_locations_keep_what_a_file_does_not_speak_of(api: ApiCaller) -> None:
    LocationFactory(code="S1", store=True, hours={"mon": [["09:00", "18:00"]]}, priority=7)
    done = bring_in(
        api,
        "locations",
        "code,name,kind,timezone,capabilities",
        "S1,Renamed,store,UTC,pickup|returns",
        "S2,Nowhere,shop,Mars/Base,fly",
        "S 3 ,Spaced,store,UTC,",
    )
    assert counts(done) == ("done", 3, 3, 2, 1)
    assert {(line, column) for line, column, _ in row_errors(api, done)} == {
        (3, "kind"),
        (3, "capabilities"),
        (3, "timezone"),
    }
    shop = Location.objects.get(code="S1")
    assert (shop.name, shop.hours, shop.priority) == ("Renamed", {"mon": [["09:00", "18:00"]]}, 7)
    assert (shop.ships, shop.pickup) == (False, True)


def test_hours_replace_the_week_and_the_dates_named(api: ApiCaller) -> None:
    LocationFactory(code="S1", hours={"sun": [["10:00", "16:00"]]}, exceptions={"2026-12-24": []})
    rows = (
        "location,day,date,open,close",
        "S1,mon,,13:00,18:00",
        "S1,mon,,09:00,12:00",
        "S1,,2026-12-25,,",
        "S2,mon,,09:00,12:00",
    )
    done = bring_in(api, "hours", *rows)
    assert counts(done) == ("done", 4, 4, 3, 1)
    assert row_errors(api, done) == [(5, "location", "unknown_location")]
    shop = Location.objects.get(code="S1")
    assert shop.hours == {"mon": [["09:00", "12:00"], ["13:00", "18:00"]]}
    assert shop.exceptions == {"2026-12-24": [], "2026-12-25": []}
    assert counts(bring_in(api, "hours", *rows[:4])) == ("done", 3, 3, 0, 0)


def test_hours_that_cannot_be_are_named_by_their_line(api: ApiCaller) -> None:
    LocationFactory(code="S1")
    done = bring_in(
        api,
        "hours",
        "location,day,date,open,close",
        "S1,mon,,09:00,12:00",
        "S1,mon,,11:00,18:00",
        "S1,tue,,18:00,9",
        "S1,,,09:00,18:00",
    )
    assert counts(done) == ("done", 4, 4, 0, 4)
    assert {(line, code) for line, _, code in row_errors(api, done)} == {
        (3, "invalid_hours"),
        (4, "invalid_hours"),
        (5, "day_or_date"),
    }
    assert Location.objects.get(code="S1").hours == {}


def test_deliveries_are_expected_by_the_reference(api: ApiCaller) -> None:
    LocationFactory(code="W1")
    BarcodeFactory(sku=SkuFactory(code="A1"), code="00000096385074")
    SkuFactory(code="A2")
    rows = (
        "location,reference,sku,barcode,quantity,expected_at,supplier",
        "W1,ASN-1,A1,,5,2026-12-01T08:00:00Z,Potter",
        "W1,ASN-1,A2,,7,,",
        "W1,ASN-2,,96385074,3,,",
        "W1,ASN-3,NONE,,1,,",
        "W9,ASN-4,A1,,x,,",
    )
    done = bring_in(api, "deliveries", *rows)
    assert counts(done) == ("done", 5, 5, 3, 2)
    assert row_errors(api, done) == [(5, "sku", "unknown_sku"), (6, "quantity", "invalid")]
    first = ExpectedDelivery.objects.get(reference="ASN-1")
    assert (first.supplier, first.lines.count()) == ("Potter", 2)
    assert Stock.objects.filter(sku__code="A1").count() == 1
    assert counts(bring_in(api, "deliveries", *rows[:4])) == ("done", 3, 3, 0, 0)


ORDER_HEADER = "channel,external_id,currency,line_id,sku,quantity,unit_price,type,location"


def test_orders_are_placed_from_their_rows(api: ApiCaller) -> None:
    ChannelFactory(code="web")
    shop = LocationFactory(code="S1", store=True)
    for code in ("A1", "A2"):
        stock_up(SkuFactory(code=code), shop, 10)
    rows = (
        ORDER_HEADER + ",customer_email,ship_to_postal_code,allow_backorder",
        "web,W-1,GBP,1,A1,2,9.99,ship,,ann@example.org,SW1A 1AA,yes",
        "web,W-1,GBP,2,A2,1,5.00,pickup,S1,,,",
        "web,W-2,GBP,1,A1,99,9.99,,,,,no",
        "web,W-3,GBP,1,NONE,1,9.99,,,,,",
        "web,W-4,GBP,1,A1,1,9.999,pickup,,,,maybe",
        "shop,W-5,GBP,1,A1,1,9.99,,,,,",
    )
    done = bring_in(api, "orders", *rows)
    assert counts(done) == ("done", 6, 6, 2, 4)
    assert {(line, column, code) for line, column, code in row_errors(api, done)} == {
        (4, None, "insufficient_stock"),
        (5, "sku", "unknown_sku"),
        (6, "location", "required"),
        (6, "allow_backorder", "invalid"),
        (7, "channel", "unknown_channel"),
    }
    order = Order.objects.get()
    assert (order.external_id, order.lines.count()) == ("W-1", 2)
    assert balances("A1", "S1") == (10, 2, 0)
    assert_pool_laws()
    assert counts(bring_in(api, "orders", *rows[:3])) == ("done", 2, 2, 0, 0)
    assert Order.objects.count() == 1


def test_a_bad_row_is_kept_without_the_pass_that_was_scanned_into_it(api: ApiCaller) -> None:
    secret = "0123456789abcdef0123456789abcdef"
    done = bring_in(
        api,
        "skus",
        "sku,name,barcodes",
        f"omni:pickup:100001-1:{secret},,x|omni:pickup:100001-1:{secret}",
    )
    assert counts(done)[3:] == (0, 1)
    (kept,) = BadRow.objects.values_list("row", "reason")[:1]
    assert kept[0]["sku"] == "omni:pickup:100001-1:***"
    assert secret not in str(list(BadRow.objects.values()))
