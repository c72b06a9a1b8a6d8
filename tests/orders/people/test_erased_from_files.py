"""A person in files of orders: bad rows, dry runs, rows that wait, names of files."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from core.imports.models import BadRow, Change, Import
from orders.models import Order
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.omniretail.files.import_helpers import apply_files, bring_in, counts, row_errors, send
from tests.orders.people.people_helpers import place, tables_with

HEADER = (
    "channel,external_id,currency,line_id,sku,quantity,unit_price,customer_email,customer_name,"
    "ship_to_name,ship_to_line1,ship_to_country,note"
)
JO = "jo@example.org,Jo Reed,Jo Reed,2 Elm Row,GB,ring twice at the blue gate"
SAM = "sam@example.org,Sam Hill,Sam Hill,9 Oak Lane,GB,"
WORDS = ("Jo Reed", "jo@example.org", "Elm Row", "blue gate", "JO-771")


@pytest.fixture(autouse=True)
def retailer(db: None) -> None:
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), LocationFactory(code="W1"), 50)


def erase(api: ApiCaller) -> None:
    answer = api.post("customers/erase", {"email": "Jo@example.org"})
    assert answer.status_code == 200, answer.content


def test_bad_rows_lose_the_person_who_never_ordered(api: ApiCaller) -> None:
    done = bring_in(
        api,
        "orders",
        HEADER,
        f"web,JO-771,GBP,1,GONE,1,9.50,{JO}",
        "web,JO-771,GBP,2,GONE,1,9.50,,,,,,",  # of the same order, and says nothing of the person
        f"web,SAM-1,GBP,1,GONE,1,9.50,{SAM}",
    )
    before = row_errors(api, done)
    assert {line for line, _, _ in before} >= {2, 4}
    erase(api)
    assert tables_with(*WORDS) == {}
    assert row_errors(api, done) == before  # line, column and code stay
    assert BadRow.objects.filter(row__customer_name="Sam Hill").exists()


def test_a_row_of_another_only_loses_the_words(api: ApiCaller) -> None:
    place(api, "W-1")
    told = SAM.replace("9 Oak Lane", "c/o Jo Reed 9 Oak Lane")
    bring_in(api, "orders", HEADER, f"web,SAM-1,GBP,1,GONE,1,9.50,{told}")
    erase(api)
    row = BadRow.objects.get().row
    assert (row["customer_name"], row["ship_to_line1"]) == ("Sam Hill", "c/o [erased] 9 Oak Lane")


def test_a_dry_run_keeps_no_person_and_loses_the_name_of_the_order(api: ApiCaller) -> None:
    rows = [HEADER, f"web,JO-771,GBP,1,A1,1,9.50,{JO}", f"web,SAM-1,GBP,1,A1,1,9.50,{SAM}"]
    tried = bring_in(api, "orders", *rows, dry_run="true")
    assert tried["rows_changed"] == 2
    assert tables_with("Jo Reed", "jo@example.org", "Elm Row") == {}
    bring_in(api, "orders", *rows)
    erase(api)
    assert tables_with(*WORDS) == {}
    kept = Change.objects.order_by("line").values_list("subject", flat=True)
    assert list(kept) == ["erased", "orders/web/SAM-1"]


def test_the_name_and_the_reference_of_a_file_lose_the_person(api: ApiCaller) -> None:
    place(api, "W-1")
    content = SimpleUploadedFile("orders-of-jo_reed.csv", f"{HEADER}\nweb,X\n".encode())
    answer = api.client.post(
        "/api/v1/imports",
        {"kind": "orders", "file": content, "reference": "call with jo@example.org"},
        headers=api.headers | {"Idempotency-Key": "1"},
    )
    assert answer.status_code == 202, answer.content
    erase(api)
    assert tables_with("jo_reed", "jo@example.org") == {}
    file = Import.objects.get()
    assert (file.file_name, file.reference) == ("orders-of-[erased].csv", "call with [erased]")


def test_rows_that_wait_are_not_placed_and_are_listed(api: ApiCaller) -> None:
    """Placed after the erasure, they would bring back what it has removed."""
    rows = [
        HEADER,
        f"web,JO-771,GBP,1,A1,1,9.50,{JO}",
        "web,JO-771,GBP,2,A1,1,9.50,,,,,,",
        f"web,SAM-1,GBP,1,A1,1,9.50,{SAM}",
    ]
    sent = send(api, "orders", "\n".join(rows) + "\n").json()
    assert tables_with("Jo Reed") != {}
    erase(api)
    assert tables_with(*WORDS) == {}
    apply_files()
    done = api.get(f"imports/{sent['id']}").json()
    assert counts(done) == ("done", 3, 3, 1, 2)
    assert {line for line, _, _ in row_errors(api, done)} == {2, 3}
    assert [order.external_id for order in Order.objects.all()] == ["SAM-1"]
    assert tables_with(*WORDS) == {}
