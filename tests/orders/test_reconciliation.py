"""The nightly check: what it keeps, whom it tells, when it runs, and that it mends nothing."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils.html import strip_tags

from core.access.principal import SYSTEM
from core.audit.models import AuditRecord
from core.audit.record import record
from core.audit.tasks import seal_audit
from core.outbox.models import Event
from inventory.models import Reservation, Stock
from orders.commands.reconcile import reconcile
from orders.models import Customer, Fulfilment, Order, Reconciliation, Violation
from orders.queries.reconciliation import (
    AUDIT_LAWS,
    PRIVACY_LAWS,
    STALE_LAWS,
    last_due,
    meaning_of,
)
from orders.tasks import reconcile_nightly
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.inventory.stock_helpers import hold
from tests.inventory.test_integrity import unguarded
from tests.orders.fulfilment_helpers import place
from tests.roles import rewriting

pytestmark = pytest.mark.django_db

PAGES = "/admin/orders/reconciliation/"


@pytest.fixture(autouse=True)
def shop() -> None:
    here = LocationFactory(code="S1")
    ChannelFactory(code="web")
    stock_up(SkuFactory(code="A1"), here, 10)


@pytest.fixture
def staff() -> Client:
    client = Client()
    client.force_login(UserFactory(superuser=True))
    return client


def check() -> Reconciliation:
    run = reconcile(actor=SYSTEM)
    assert run is not None
    return run


def found(run: Reconciliation) -> list[tuple[str, str, int, int, bool]]:
    return list(
        run.violations.order_by("id").values_list("law", "subject", "expected", "found", "is_new")
    )


def told() -> list[dict[str, Any]]:
    return list(
        Event.objects.filter(type="integrity.violated")
        .order_by("id")
        .values_list("data", flat=True)
    )


def test_a_sound_pool_leaves_a_report_and_no_news(api: ApiCaller) -> None:
    place(api, ("A1", 2))
    run = check()
    assert (run.rows_checked, run.violation_count, run.asked_by) == (1, 0, "system")
    assert run.started_at <= run.finished_at
    assert found(run) == []
    assert told() == []


def test_a_broken_balance_is_kept_told_and_logged(caplog: pytest.LogCaptureFixture) -> None:
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    with caplog.at_level(logging.ERROR, logger="omniretail.integrity"):
        run = check()
    laws = ["balance_is_the_sum_of_its_movements", "balance_is_what_the_last_movement_left"]
    assert found(run) == [(law, "on_hand", 10, 11, True) for law in laws]
    assert set(run.violations.values_list("sku", "location")) == {("A1", "S1")}
    assert [each["law"] for each in told()] == laws
    assert told()[0] | {"checked_at": ""} == {
        "check": str(run.pk),
        "checked_at": "",
        "law": laws[0],
        "sku": "A1",
        "location": "S1",
        "subject": "on_hand",
        "expected": 10,
        "found": 11,
    }
    errors = [entry.getMessage() for entry in caplog.records if entry.levelno == logging.ERROR]
    assert len(errors) == 3
    assert f"law {laws[0]} violated: on_hand, SKU A1, location S1" in errors[0]
    assert Stock.objects.get().on_hand == 11, "it repairs nothing"


def test_what_was_known_is_not_told_again_and_what_came_back_is() -> None:
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    check()
    again = check()
    assert [is_new for *_, is_new in found(again)] == [False, False]
    assert len(told()) == 2
    unguarded("UPDATE inventory_stock SET on_hand = 10")
    assert check().violation_count == 0
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    assert [is_new for *_, is_new in found(check())] == [True, True]
    assert len(told()) == 4


def test_what_was_not_ended_in_time_is_found(api: ApiCaller) -> None:
    cart = hold(api, ("A1", 1))
    ready = place(api, ("A1", 2), pickup_at="S1")["fulfilments"][0]["id"]
    late = place(api, ("A1", 3))["fulfilments"][0]["id"]
    now = datetime.now(UTC)
    assert check().violation_count == 0
    Reservation.objects.filter(group=cart).update(expires_at=now - timedelta(hours=2))
    Fulfilment.objects.filter(code=ready).update(
        state="ready", pickup_expires_at=now - timedelta(days=2)
    )
    promise = {"deliver_by": (now - timedelta(days=4)).isoformat()}
    Fulfilment.objects.filter(code=late).update(promise=promise)
    Event.objects.create(type="stock.changed", subject="x", data={}, time=now - timedelta(hours=2))
    reservation = Reservation.objects.get(group=cart).pk
    assert found(check()) == [
        ("events_are_relayed", "events that wait for a place", 0, 1, True),
        ("fulfilments_move_on", f"fulfilment {late}, line 1", 0, 3, True),
        ("holds_end_in_time", f"hold {reservation} of reservations/{cart}", 0, 1, True),
        ("pickups_expire_in_time", f"fulfilment {ready}, line 1", 0, 2, True),
    ]


def test_what_an_erasure_has_left_is_found(api: ApiCaller) -> None:
    customer = {"name": "Jo Reed", "email": "jo@example.org"}
    home = {"name": "Jo Reed", "line1": "2 Elm Row", "city": "York", "country": "GB"}
    about = {"customer": customer, "ship_to": home, "note": "Please ring twice"}
    order = place(api, ("A1", 1), **about)
    place(api, ("A1", 1), **about | {"customer": {"email": "sam@example.org"}})
    assert check().violation_count == 0
    event = Event.objects.get(type="order.placed", order=order["number"])
    assert api.post(f"customers/{order['customer_id']}/erase").status_code == 200
    assert check().violation_count == 0
    Order.objects.filter(number=order["number"]).update(ship_to=home)
    with rewriting():
        event.save()
    number = order["number"]
    assert found(check()) == [
        ("erased_customers_stay_erased", f"event {event.pk} of order {number}", 0, 1, True),
        ("erased_customers_stay_erased", f"order {number}", 0, 1, True),
    ]
    assert api.post(f"customers/{order['customer_id']}/erase").status_code == 200
    assert check().violation_count == 0
    # As an older version left it, which did not look there.
    Order.objects.filter(number=number).update(payment_reference="pay-1", external_id="W-77")
    assert [subject for _, subject, *_ in found(check())] == [f"order {number}"]
    assert api.post(f"customers/{order['customer_id']}/erase").status_code == 200
    assert check().violation_count == 0
    Customer.objects.filter(pk=order["customer_id"]).update(phone="+44 20 7946 0000")
    assert [subject for _, subject, *_ in found(check())] == [f"customer {order['customer_id']}"]


def test_what_an_erasure_of_a_guest_has_left_is_found(api: ApiCaller) -> None:
    home = {"name": "Jo Reed", "line1": "2 Elm Row", "country": "GB"}
    number = place(api, ("A1", 1), ship_to=home)["number"]
    assert api.post("customers/erase", {"order": number}).status_code == 200
    assert check().violation_count == 0
    Order.objects.filter(number=number).update(ship_to=home)
    assert [subject for _, subject, *_ in found(check())] == [f"order {number}"]


def test_a_night_has_one_check_and_a_missed_one_is_made_up_for() -> None:
    assert reconcile_nightly() == 0
    assert reconcile_nightly() is None
    assert Reconciliation.objects.count() == 1
    Reconciliation.objects.update(started_at=last_due(datetime.now(UTC)) - timedelta(seconds=1))
    assert reconcile_nightly() == 0
    assert Reconciliation.objects.count() == 2


def test_a_check_is_due_at_three() -> None:
    day = datetime(2026, 11, 22, tzinfo=UTC)
    assert last_due(day.replace(hour=2, minute=59)) == day.replace(day=21, hour=3)
    assert last_due(day.replace(hour=3)) == day.replace(hour=3)
    assert last_due(day.replace(hour=23)) == day.replace(hour=3)


def test_a_check_that_fails_leaves_no_trace_and_stays_due(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*args: object, **more: object) -> None:
        raise RuntimeError("cancelled")

    with monkeypatch.context() as patch:
        patch.setattr("orders.commands.reconcile.publish", fail)
        with pytest.raises(RuntimeError):
            reconcile_nightly()
    assert not Reconciliation.objects.exists()
    assert reconcile_nightly() == 0


def test_every_law_of_the_night_alone_says_what_to_do() -> None:
    laws = (*STALE_LAWS, *PRIVACY_LAWS, *AUDIT_LAWS)
    assert len({meaning_of(law.name).to_do for law in laws}) == len(laws)
    assert meaning_of("a_law_of_tomorrow").says == "A law of tomorrow."


# The pages


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(strip_tags(answer.content.decode()).split())


def test_the_page_says_what_it_means_and_what_to_do(staff: Client) -> None:
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    run = check()
    assert "Violations found" in words(staff.get(PAGES))
    page = staff.get(f"{PAGES}{run.pk}/change/")
    said = words(page)
    assert "A balance is the sum of its movements in the ledger." in said
    assert "What to do: Look back at this SKU and location" in said
    assert page.content.decode().count("/admin/stock/as-of?sku=A1&amp;location=S1") == 2
    assert staff.get(f"{PAGES}{'9' * 30}/change/").status_code in (302, 404)


def test_a_manager_checks_again_after_mending(staff: Client) -> None:
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    check()
    unguarded("UPDATE inventory_stock SET on_hand = 10")
    assert staff.get(f"{PAGES}check-now").status_code == 405
    answer = staff.post(f"{PAGES}check-now", follow=True)
    assert "Every law held for every row." in words(answer)
    newest = Reconciliation.objects.latest("id")
    assert (newest.violation_count, newest.asked_by) == (0, "manager")


def test_who_may_only_look_cannot_start_a_check() -> None:
    client = Client()
    client.force_login(UserFactory(username="sam", role="associate", is_staff=True))
    assert "Check now" not in words(client.get(PAGES))
    assert client.post(f"{PAGES}check-now").status_code == 403
    assert not Reconciliation.objects.exists()


def test_the_home_page_raises_the_alarm_until_a_check_is_sound(staff: Client) -> None:
    assert "The last check found" not in words(staff.get("/"))
    unguarded("UPDATE inventory_stock SET on_hand = 11")
    run = check()
    page = staff.get("/")
    assert "The last check found 2 violations." in words(page)
    assert f'href="{PAGES}{run.pk}/change/"' in page.content.decode()
    unguarded("UPDATE inventory_stock SET on_hand = 10")
    check()
    assert "The last check found" not in words(staff.get("/"))


def test_two_checks_do_not_run_at_once(staff: Client) -> None:
    """Another session holds the turn: this one does not read the ledger a second time."""
    settings = connection.get_connection_params()
    names = {
        name: settings[name] for name in ("dbname", "user", "host", "port") if name in settings
    }
    with psycopg.connect(**names) as other:
        other.execute("SELECT pg_advisory_xact_lock(hashtext('reconciliation'))")
        assert reconcile(actor=SYSTEM) is None
        answer = staff.post(f"{PAGES}check-now", follow=True)
        assert "A check is running already" in words(answer)
    assert not Violation.objects.exists()


@pytest.mark.parametrize("query", ["limit=1", "sku=A1", "x", "law=never_oversold&x=1"])
def test_integrity_takes_no_parameter(api: ApiCaller, query: str) -> None:
    answer = api.get(f"integrity?{query}" if "=" in query else f"integrity?{query}=1")
    assert (answer.status_code, answer.json()["code"]) == (400, "validation_error")
    assert answer.json()["errors"][0]["code"] == "unknown_field"


def test_an_audit_record_that_was_changed_is_an_alarm() -> None:
    record(actor=SYSTEM, action="a", subject="orders/1", reason="as asked")
    seal_audit()
    assert check().violation_count == 0
    with rewriting():
        AuditRecord.objects.update(reason="otherwise")
    changed = AuditRecord.objects.get().pk
    assert found(check()) == [
        ("audit_is_as_it_was_written", f"audit record {changed} changed", 0, 1, True)
    ]
