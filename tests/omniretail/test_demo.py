"""The demo retailer shows every state, adds up, and is loaded once."""

from __future__ import annotations

import re
from collections import Counter
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate
from django.core.management import call_command
from django.db.models import F, Q
from django.utils import timezone

from core.access.models import ApiKey, User
from core.audit.models import AuditRecord
from core.imports.models import Import
from core.outbox.models import Event
from inventory.admin.deliveries import with_due
from inventory.barcodes import normalise_gtin
from inventory.choices import (
    AWAITED,
    Condition,
    DeliveryState,
    Reason,
    ReservationState,
    TransferState,
)
from inventory.models import (
    Barcode,
    Count,
    CountEntry,
    Drift,
    ExpectedDelivery,
    KeepRule,
    Placement,
    Product,
    Reservation,
    RingFence,
    Sku,
    Stock,
    StockMovement,
    Transfer,
    TransferLine,
)
from inventory.queries.counting.count_review import review
from omniretail.demo.extract import goods
from omniretail.demo.load import CHAPTERS, NotEmpty, load
from omniretail.demo.people import PASSWORD, STAFF, TOWNS
from orders.choices import Disposition, OrderState, PickListState, ReturnState
from orders.models import (
    Customer,
    Fulfilment,
    Order,
    PickList,
    PickListLine,
    Return,
    ReturnReceiptLine,
    Scan,
)
from orders.queries.documents import order_documents
from stores.choices import LocationKind
from stores.geography import locate_postal_code
from stores.models import Channel, Location
from tests.conftest import ApiCaller
from tests.factories import SkuFactory, UserFactory

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


def say(line: str) -> None:
    """Print nothing."""


def words(rows: Any, field: str) -> set[str]:
    return set(rows.order_by().values_list(field, flat=True))


def test_the_demo_shows_every_state_adds_up_and_is_loaded_once(settings: Any) -> None:
    settings.DEMO = True
    first = StringIO()
    call_command("load_demo", stdout=first)
    check_the_retailer()
    check_orders()
    check_the_floors()
    check_returns()
    check_stock()
    check_goods_on_their_way()
    check_counts()
    check_rules_and_files()
    check_logging_in()
    check_the_key(first.getvalue())

    before = count_everything()
    second = StringIO()
    call_command("load_demo", stdout=second)
    assert count_everything() == before
    assert "omni_" not in second.getvalue(), "the first key cannot be shown again"
    assert "issue_api_key demo" in second.getvalue()


def check_the_retailer() -> None:
    assert Sku.objects.count() == len(goods()) >= 300
    assert Location.objects.filter(kind=LocationKind.STORE).count() == 10
    assert Location.objects.filter(kind=LocationKind.WAREHOUSE).count() == 2
    assert words(Channel.objects, "kind") == {"web", "pos", "call_centre", "marketplace"}
    assert Product.objects.filter(size_guide__isnull=False).exists()
    for location in Location.objects.all():
        assert location.latitude is not None
        assert location.hours
        assert Placement.objects.filter(bin__location=location).exists()
    for customer in Customer.objects.all():
        assert customer.email.endswith("@example.org")


def check_orders() -> None:
    documents = order_documents(Order.objects.values_list("pk", flat=True))
    states = Counter(document["state"] for document in documents.values())
    assert states.keys() == {str(state) for state in OrderState}
    assert sum(states.values()) > 200
    assert words(Order.objects, "channel__code") == words(Channel.objects, "code")


def check_the_floors() -> None:
    shown = set(Fulfilment.objects.values_list("type", "state"))
    assert shown >= {
        ("ship", "open"),
        ("ship", "picking"),
        ("ship", "packed"),
        ("ship", "shipped"),
        ("ship", "delivered"),
        ("ship", "rejected"),
        ("ship", "cancelled"),
        ("pickup", "open"),
        ("pickup", "ready"),
        ("pickup", "collected"),
        ("pickup", "expired"),
        ("carry_out", "collected"),
    }
    assert "same_day" in words(Fulfilment.objects, "type")
    sent = Fulfilment.objects.filter(source__isnull=False)
    assert words(sent, "state") >= {"open", "packed", "in_transit", "ready"}
    assert words(PickList.objects, "state") == {str(state) for state in PickListState}
    assert PickListLine.objects.filter(short__gt=0).exists()
    assert Scan.objects.exists()


def check_returns() -> None:
    # Nothing leads to `requested` yet: what is outside of the policy is refused at once.
    assert words(Return.objects, "state") == {str(s) for s in ReturnState} - {"requested"}
    assert words(ReturnReceiptLine.objects, "disposition") == {str(d) for d in Disposition}
    waiting = ReturnReceiptLine.objects.filter(disposition="inspect", moved_on=0)
    assert waiting.exists()
    assert Return.objects.filter(blind=True).exists()


def check_stock() -> None:
    assert words(Transfer.objects, "state") == {str(state) for state in TransferState}
    assert TransferLine.objects.filter(lost__gt=0).exists()
    part = TransferLine.objects.filter(transfer__state="in_transit", received=F("quantity"))
    assert part.exists()
    assert words(StockMovement.objects, "reason") >= {
        Reason.RECEIPT,
        Reason.COUNT,
        Reason.DAMAGED,
        Reason.LOST,
        Reason.MISSING,
        Reason.TRANSFER_LOSS,
    }
    assert Stock.objects.filter(safety_stock__gt=0).exists()
    assert RingFence.objects.filter(channel__code="marketplace").exists()
    assert Reservation.objects.filter(state=ReservationState.HELD).exists()
    apart = StockMovement.objects.filter(unavailable_delta__gt=0)
    assert words(apart, "reason") >= {str(condition) for condition in Condition}


def check_goods_on_their_way() -> None:
    surprising = Transfer.objects.filter(lines__surplus__gt=0, state=TransferState.IN_TRANSIT)
    assert surprising.filter(lines__damaged__gt=0).exists()
    assert words(ExpectedDelivery.objects, "state") == {str(state) for state in DeliveryState}
    awaited = with_due(ExpectedDelivery.objects.filter(state__in=AWAITED))
    assert words(awaited, "due") == {"overdue", "today", "later", ""}
    partly = ExpectedDelivery.objects.get(state=DeliveryState.RECEIVING)
    assert partly.lines.filter(damaged__gt=0).exists()
    assert partly.lines.filter(received=0).exists()


def check_counts() -> None:
    assert words(Count.objects, "state") == {"open", "review", "applied"}
    (waiting,) = [row for row in review(Count.objects.get(state="review")) if row.needs_approval]
    assert set(waiting.counters.values()) == {"operative"}, "others may approve it"
    open_count = Count.objects.get(state="open")
    assert open_count.lines.filter(counted=None).exists()
    entries = CountEntry.objects.filter(line__count=open_count)
    assert len(words(entries, "counter")) == 2
    assert sorted(Drift.objects.filter(source="erp").values_list("drift", flat=True)) == [-2, 3]


def check_rules_and_files() -> None:
    kept = set(KeepRule.objects.values_list("kind", "quantity", "category", "abc_class"))
    assert {("safety_stock", 3, "", "A"), ("ring_fence", 2, "Bags", "B")} < kept
    weekend = KeepRule.objects.get(channel__code="web", quantity=10)
    until = weekend.until.astimezone(weekend.location.zone)
    assert (until.weekday(), until.hour) == (4, 18)
    assert until > timezone.now()
    assert not Sku.objects.filter(Q(category="") | Q(abc_class="")).exists()
    assert words(Sku.objects, "abc_class") == {"A", "B", "C"}
    ranking, check = Import.objects.order_by("pk")
    assert (ranking.state, ranking.rows_failed, ranking.rows_changed) == ("done", 4, len(goods()))
    assert (check.state, check.dry_run, check.rows_failed, check.changes.count()) == (
        "done", True, 1, 2,
    )  # fmt: skip


def check_logging_in() -> None:
    assert authenticate(username="admin", password=PASSWORD).is_superuser
    for name, role, _ in STAFF:
        assert authenticate(username=name, password=PASSWORD).role == role


def check_the_key(said: str) -> None:
    (key,) = re.findall(r"omni_\S+", said)
    report = ApiCaller(key).get("integrity").json()
    assert report["ok"], report["violations"]


def count_everything() -> list[int]:
    models = (
        ApiKey, AuditRecord, Barcode, Count, Customer, Drift, Event, ExpectedDelivery, Fulfilment,
        Import, KeepRule, Location, Order, PickList, Placement, Reservation, Return, Scan, Sku,
        StockMovement, Transfer, User,
    )  # fmt: skip
    return [model.objects.count() for model in models]


def test_a_stopped_load_goes_on_where_it_stopped() -> None:
    class PowerCut(Exception):
        pass

    def half_a_chapter() -> None:
        CHAPTERS[2].write()
        raise PowerCut

    interrupted = [*CHAPTERS[:2], CHAPTERS[2]._replace(write=half_a_chapter)]
    with pytest.raises(PowerCut):
        load(say, interrupted)
    assert Location.objects.exists()
    assert not Channel.objects.exists(), "half a chapter stays"

    assert load(say, CHAPTERS[:3])
    assert Channel.objects.count() == 4
    assert not load(say, CHAPTERS[:3])


def test_a_service_with_data_of_its_own_is_left_alone() -> None:
    SkuFactory(code="OURS", name="Ours")
    with pytest.raises(NotEmpty):
        load(say)
    assert not User.objects.exists()
    said = StringIO()
    call_command("load_demo", stdout=said)
    assert "data of its own" in said.getvalue()
    assert "Log in" not in said.getvalue()


def test_an_account_that_is_there_keeps_its_password() -> None:
    UserFactory(username="admin", password="a-password-of-ours", superuser=True)
    load(say, CHAPTERS[:1])
    assert authenticate(username="admin", password="a-password-of-ours")
    assert not authenticate(username="admin", password=PASSWORD)


def test_the_barcodes_are_in_house_numbers_with_a_check_digit() -> None:
    codes = [good.barcode for good in goods()]
    assert len(set(codes)) == len(codes)
    for code in codes:
        assert normalise_gtin(code) == f"0{code}"
        assert 20 <= int(code[:2]) <= 29


def test_every_customer_lives_where_a_parcel_can_be_promised() -> None:
    for _, postal_code in TOWNS:
        assert locate_postal_code(postal_code, "GB")
