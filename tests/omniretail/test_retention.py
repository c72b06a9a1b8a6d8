"""What is deleted when it has served, what stays, and what is answered afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.module_loading import import_string

from core.access.principal import SYSTEM
from core.audit.models import AuditRecord, Outcome
from core.audit.record import record
from core.audit.sealing import seal_new, verify
from core.idempotency.models import StoredAnswer
from core.imports.models import BadRow, Change, Import
from core.outbox.models import Event
from core.retention.rules import Rule, delete_served
from core.retention.tasks import delete_old_rows
from inventory.models import Reservation, ReservationGroup, Transfer, TransferScan
from inventory.retention import ENDED_RESERVATIONS
from orders.commands.reconcile import reconcile
from orders.models import Customer, Order, PickList, Scan, SourcingReceipt
from orders.tasks import erase_old_people
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import hold, problem
from tests.inventory.transfers.transfer_helpers import draft, receive
from tests.omniretail.files.import_helpers import bring_in
from tests.orders.fulfilment_helpers import assert_laws_hold, place, step, units
from tests.orders.picking.picking_helpers import scan, send, start
from tests.roles import as_the_owner, as_the_service, rewriting

pytestmark = pytest.mark.django_db

LONG_AGO = timedelta(days=400)


@pytest.fixture(autouse=True)
def retailer() -> None:
    ChannelFactory(code="web")
    shop = LocationFactory(code="W1")
    LocationFactory(code="S1")
    for code in ("A1", "A2"):
        stock_up(SkuFactory(code=code), shop, 50)


@pytest.fixture(autouse=True)
def service_rights(_django_db_helper: None) -> Iterator[None]:
    """Delete with the rights of the service."""
    with as_the_service():
        yield


def ago(model: type[Any], *times: str, by: timedelta = LONG_AGO) -> None:
    """Let what is stored now have happened long ago."""
    with as_the_owner(), rewriting(), connection.cursor() as cursor:
        for name in times:
            cursor.execute(f"UPDATE {model._meta.db_table} SET {name} = {name} - %s", [by])


def ship(api: ApiCaller, code: str) -> None:
    lines = api.get(f"fulfilments/{code}").json()["lines"]
    step(api, code, "pick", units(*((line["line_id"], line["quantity"]) for line in lines)))
    step(api, code, "pack")
    step(api, code, "ship", {"carrier": "dhl", "tracking_number": "T1"})


def test_every_rule_has_its_days() -> None:
    rules = [import_string(name) for name in settings.RETENTION_RULES]
    assert {rule.period for rule in rules} == settings.RETENTION_DAYS.keys()
    assert all(isinstance(rule, Rule) for rule in rules)


def test_nothing_young_is_deleted(api: ApiCaller) -> None:
    ship(api, place(api, ("A1", 2))["fulfilments"][0]["id"])
    hold(api, ("A1", 1))
    bring_in(api, "stock", "sku,location,on_hand", "A1,W1,x")
    Client().force_login(UserFactory(superuser=True))
    assert delete_old_rows() == {}


def test_ended_reservations_go_and_live_ones_stay(api: ApiCaller) -> None:
    shipped = place(api, ("A1", 2), ("A2", 1))
    ship(api, shipped["fulfilments"][0]["id"])
    open_order = place(api, ("A1", 3))
    released, live = hold(api, ("A1", 1), ("A2", 1)), hold(api, ("A1", 4))
    assert api.post(f"reservations/{released}/release").status_code == 200
    ago(Reservation, "created_at")
    before = api.get("stock", sku="A1").json()["results"]

    assert delete_old_rows()["inventory.retention.ENDED_RESERVATIONS"] == 4
    assert delete_old_rows() == {}
    assert set(Reservation.objects.values_list("reference", "state")) == {
        (open_order["number"], "confirmed"),
        (f"reservations/{live}", "held"),
    }
    problem(api.get(f"reservations/{released}"), 404, "not_found")
    assert api.get(f"reservations/{live}").json()["state"] == "held"
    assert api.get("stock", sku="A1").json()["results"] == before
    assert_pool_laws()
    assert_laws_hold()
    assert api.get("integrity").json()["ok"]
    assert api.get(f"orders/{shipped['number']}").json()["lines"] == [
        line | {"reserved": 0, "fulfilled": line["ordered"]} for line in shipped["lines"]
    ]
    ship(api, open_order["fulfilments"][0]["id"])
    assert_pool_laws()


def test_a_cart_goes_as_a_whole(api: ApiCaller) -> None:
    cart = hold(api, ("A1", 1), ("A2", 1))
    Reservation.objects.filter(group=cart, sku__code="A1").update(state="broken")
    ago(Reservation, "created_at")
    assert delete_old_rows() == {}
    Reservation.objects.filter(group=cart).update(state="released")
    assert delete_served(replace(ENDED_RESERVATIONS, batch=1)) == 2
    assert not ReservationGroup.objects.exists()


def test_batches_go_on_behind_what_is_in_use(api: ApiCaller) -> None:
    carts = [hold(api, ("A1", 1)) for _ in range(9)]
    ago(Reservation, "created_at")
    young = [hold(api, ("A1", 1)) for _ in range(3)]
    for cart in [*carts[3:], *young]:
        assert api.post(f"reservations/{cart}/release").status_code == 200
    assert delete_served(replace(ENDED_RESERVATIONS, batch=2)) == 6
    left = set(ReservationGroup.objects.values_list("pk", flat=True))
    assert {str(identity) for identity in left} == {*carts[:3], *young}


def test_receipts_go_and_the_answer_says_so(api: ApiCaller, settings: Any) -> None:
    order = place(api, ("A1", 2))
    kept = api.get(f"orders/{order['number']}/sourcing").json()
    assert (len(kept["decisions"]), kept["kept_days"]) == (1, 180)
    ago(SourcingReceipt, "decided_at")
    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"sourcing_receipts": 0}
    assert delete_old_rows() == {}
    assert api.get(f"orders/{order['number']}/sourcing").json()["kept_days"] is None
    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"sourcing_receipts": 399}
    assert delete_old_rows() == {"orders.retention.SOURCING_RECEIPTS": 1}
    assert api.get(f"orders/{order['number']}/sourcing").json() == {
        "order": order["number"],
        "kept_days": 399,
        "decisions": [],
    }
    assert api.get(f"orders/{order['number']}").json() == order


def test_scans_go_with_their_list_done(api: ApiCaller) -> None:
    lists = []
    for _ in range(2):
        place(api, ("A1", 1))
        lists.append(start(api))
        send(api, lists[-1], scan("A1"), scan("nonsense"))
    assert api.post(f"pick-lists/{lists[0]['id']}/complete").status_code == 200
    ago(PickList, "created_at", "completed_at")
    assert delete_old_rows() == {"orders.retention.PICK_SCANS": 2}
    assert set(Scan.objects.values_list("pick_list_id", flat=True)) == {int(lists[1]["id"])}
    assert [line["picked"] for line in lists_of(api, lists[0])] == [1]


def lists_of(api: ApiCaller, pick_list: dict[str, Any]) -> Any:
    return api.get(f"pick-lists/{pick_list['id']}").json()["lines"]


def test_scans_of_transfers_go_when_all_has_arrived(api: ApiCaller) -> None:
    numbers = [draft(api, ("A1", 1)) for _ in range(3)]
    for number in numbers:
        body = {"scans": [scan("A1")]}
        assert api.post(f"transfers/{number}/scans", body).status_code == 200
    assert api.post(f"transfers/{numbers[0]}/dispatch").status_code == 200
    assert receive(api, numbers[0], ("A1", 1)).status_code == 200
    assert api.post(f"transfers/{numbers[1]}/cancel").status_code == 200
    ago(Transfer, "created_at", "received_at")
    assert delete_old_rows() == {"inventory.retention.TRANSFER_SCANS": 1}
    left = set(TransferScan.objects.values_list("transfer_id", flat=True))
    assert left == {int(numbers[1]), int(numbers[2])}, "one was cancelled just now"


def test_rows_of_files_go_and_the_file_stays(api: ApiCaller) -> None:
    rows = ("sku,location,on_hand", "A1,W1,x", "A2,W1,49")
    tried = bring_in(api, "stock", *rows, dry_run="true")
    ago(Import, "created_at", "finished_at")
    young = bring_in(api, "stock", *rows)
    assert delete_old_rows() == {
        "core.imports.retention.BAD_ROWS": 1,
        "core.imports.retention.CHANGES": 1,
        "core.imports.retention.FILE_NAMES": 1,
    }
    assert api.get(f"imports/{tried['id']}").json()["file_name"] == ""
    assert set(BadRow.objects.values_list("file_id", flat=True)) == {int(young["id"])}
    assert not Change.objects.exists()
    for name in ("errors", "changes"):
        said = problem(api.get(f"imports/{tried['id']}/{name}"), 404, "not_found")["detail"]
        assert said == "The rows of an import are deleted 30 days after its end."
    assert api.get(f"imports/{tried['id']}").json()["rows_failed"] == 1
    assert api.get(f"imports/{young['id']}/errors").status_code == 200


def test_sessions_go_when_their_time_is_over() -> None:
    people = [Client() for _ in range(3)]
    for number, person in enumerate(people):
        person.force_login(UserFactory(username=f"sam{number}", superuser=True))
    over = people[0].session.session_key
    Session.objects.filter(pk=over).update(expire_date=timezone.now() - timedelta(days=2))
    assert delete_old_rows() == {"core.retention.sessions.SESSIONS": 1}
    assert Session.objects.count() == 2
    assert people[1].get("/admin/").status_code == 200


def test_events_go_where_an_operator_says_so_and_the_feed_says_it(
    api: ApiCaller, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.outbox.relay.LONGEST_RUN", 3)
    for _ in range(4):
        place(api, ("A1", 1))
    old = [event["sequence"] for event in api.get("events").json()["results"]]
    ago(Event, "time")
    young = place(api, ("A1", 1))["number"]
    saw = api.get("events", after=old[-1]).json()["results"]
    assert delete_old_rows() == {}, "for ever, unless told otherwise"

    settings.RETENTION_DAYS = settings.RETENTION_DAYS | {"events": 30}
    deleted = delete_old_rows()["core.outbox.retention.EVENTS"]
    assert old[-1] - 3 < deleted <= old[-1]
    left = api.get("events", after=0).json()["results"]
    assert [event["sequence"] for event in left] == list(
        range(deleted + 1, saw[-1]["sequence"] + 1)
    )
    assert left[-len(saw) :] == saw
    assert api.get("events", after=deleted).json()["results"] == left
    (error,) = problem(api.get("events", after=1), 400, "validation_error")["errors"]
    assert (error["code"], error["detail"]) == (
        "unknown_sequence",
        f"Events before {deleted + 1} have been deleted; begin with 0.",
    )
    place(api, ("A1", 1))
    assert api.get("events", after=saw[-1]["sequence"]).json()["results"]
    run = reconcile(actor=SYSTEM)
    assert run is not None
    assert run.violation_count == 0
    told = [entry["type"] for entry in api.get(f"orders/{young}/timeline").json()["results"]]
    assert told == ["order.placed", "fulfilment.assigned"]


def test_answers_go_after_72_hours(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    ago(StoredAnswer, "created_at", by=timedelta(hours=73))
    body = {"channel": "web", "reference": "c", "ttl_seconds": 600}
    body["lines"] = [{"sku": "A1", "quantity": 1}]  # type: ignore[assignment]
    young = api.post("reservations", body, key="young").json()
    assert delete_old_rows() == {"core.idempotency.retention.STORED_ANSWERS": 1}
    assert StoredAnswer.objects.get().key == "young"
    assert api.post("reservations", body, key="young").json() == young


def test_people_of_old_orders_are_erased_and_young_ones_stay(api: ApiCaller) -> None:
    """Ten years and some days: a customer who still orders keeps the account, not the old home."""
    home = {"name": "Jo Reed", "line1": "2 Elm Row", "country": "GB"}
    jo, sam = {"email": "jo@example.org"}, {"email": "sam@example.org"}
    old = [place(api, ("A1", 1), customer=who, ship_to=home) for who in (jo, sam, None)]
    ago(Order, "placed_at", by=timedelta(days=3_654))
    young = place(api, ("A1", 1), customer=jo, ship_to=home)
    assert erase_old_people() == 3
    assert erase_old_people() == 0
    for order in old:
        kept = api.get(f"orders/{order['number']}").json()
        assert (kept["ship_to"], kept["totals"]) == ({"country": "GB"}, order["totals"])
    assert api.get(f"orders/{young['number']}").json()["ship_to"] == home
    assert set(Customer.objects.values_list("email", flat=True)) == {"jo@example.org", ""}
    told = Event.objects.filter(type="customer.erased").values_list("actor", flat=True)
    assert set(told) == {"system"}


def test_the_security_log_ends_and_the_audit_stays(api: ApiCaller) -> None:
    record(actor=SYSTEM, action="signed_in", subject="users/1", security=Outcome.DONE)
    record(actor=SYSTEM, action="day.closed", subject="locations/W1")
    ago(AuditRecord, "at")
    seal_new()
    record(actor=SYSTEM, action="signed_out", subject="users/1", security=Outcome.DONE)
    delete_old_rows()
    left = AuditRecord.objects.order_by("id").values_list("action", flat=True)
    assert list(left) == ["day.closed", "signed_out", "audit.expired"]
    assert verify().breaks == [], "the chain says which were deleted"
