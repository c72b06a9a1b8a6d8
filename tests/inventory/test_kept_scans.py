"""What is kept of scans that name no article."""

from __future__ import annotations

import importlib
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection

from core.imports.models import BadRow
from inventory.barcodes import as_kept
from orders.models import Scan
from orders.pickup_code import pickup_pass
from tests.conftest import ApiCaller
from tests.factories import BarcodeFactory, ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import place

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"omni:pickup:100001-1:{SECRET}", "omni:pickup:100001-1:***"),
        (f"omniÖpickupÖ100001ß1Ö{SECRET}", "[pickup]"),  # on a German keyboard
        (SECRET.upper(), "***"),
        (" 482 913\r\n", "[six digits]"),
        ("WIFI:S:shop;T:WPA;P:hunter22;;", "[wifi]"),
        ("otpauth://totp/Shop:ada?secret=JBSWY3DP", "[secret]"),
        ("BEGIN:VCARD\nN:Ada\nEND:VCARD", "[contact]"),
        ("https://shop.example/reset?token=abc#x", "https://shop.example/reset"),
        ("5012345678901", "5012345678901"),
        ("A-17", "A-17"),
    ],
)
def test_no_secret_and_no_person(text: str, kept: str) -> None:
    assert as_kept(text) == kept


@pytest.mark.django_db
def test_a_list_of_scans_holds_no_pass_and_no_code(api: ApiCaller) -> None:
    ChannelFactory(code="web")
    shirt = SkuFactory(code="A1")
    BarcodeFactory(sku=shirt, code="123456")
    stock_up(shirt, LocationFactory(code="S1", store=True), 5)
    parcel = place(api, ("A1", 2), pickup_at="S1")["fulfilments"][0]["id"]
    shown = pickup_pass(parcel, "S1")
    pick_list: dict[str, Any] = api.post("pick-lists", {"location": "S1", "max_orders": 1}).json()
    scans = [
        {"scan_id": str(uuid4()), "payload": payload}
        for payload in (shown.qr, shown.code, shown.qr.rpartition(":")[2], "123456")
    ]
    answer = api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": scans})
    assert [each["result"] for each in answer.json()["results"]] == [
        "unknown_barcode", "unknown_barcode", "unknown_barcode", "accepted",
    ]  # fmt: skip
    assert set(Scan.objects.values_list("payload", flat=True)) == {
        f"omni:pickup:{parcel}:***", "[six digits]", "***", "123456",
    }  # fmt: skip
    again = api.post(f"pick-lists/{pick_list['id']}/scans", {"scans": scans})
    assert {each["result"] for each in again.json()["results"]} == {"duplicate"}
    for text in (answer.content + again.content).decode().split('"'):
        assert shown.code not in text.split()
        assert shown.qr.rpartition(":")[2] not in text


@pytest.mark.django_db
def test_the_upgrade_cuts_what_older_versions_kept(api: ApiCaller) -> None:
    qr = f"omni:pickup:100001-1:{SECRET}"
    ChannelFactory(code="web")
    shop = LocationFactory(code="S1", store=True)
    stock_up(SkuFactory(code="A1"), shop, 5)
    place(api, ("A1", 1), pickup_at="S1")
    pick_list = api.post("pick-lists", {"location": "S1", "max_orders": 1}).json()["id"]
    scans = [{"scan_id": str(uuid4()), "payload": payload} for payload in ("x", "A1")]
    api.post(f"pick-lists/{pick_list}/scans", {"scans": scans})
    Scan.objects.filter(payload="x").update(payload=qr)
    bring_in(api, "skus", "sku,name", "A2,")
    BadRow.objects.update(row={"sku": qr, "name": 'a "b"'}, reason=f"{qr} is no code")
    for name in (
        "core.imports.migrations.0003_bad_rows_hold_no_passes",
        "inventory.migrations.0034_scans_hold_no_passes",
        "orders.migrations.0018_scans_hold_no_passes",
    ):
        with connection.schema_editor() as editor:
            importlib.import_module(name).clean(apps, editor)
    cut = "omni:pickup:100001-1:***"
    assert set(Scan.objects.values_list("payload", flat=True)) == {cut, "A1"}
    assert BadRow.objects.values("row", "reason").get() == {
        "row": {"sku": cut, "name": 'a "b"'},
        "reason": f"{cut} is no code",
    }
