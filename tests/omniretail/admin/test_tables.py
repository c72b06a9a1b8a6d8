"""Every table of ours has its page, and nothing of the pool is edited there."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from core.access.models import ApiClient, ApiKey, User
from core.audit.models import AuditRecord, Seal
from core.idempotency.models import StoredAnswer
from core.outbox.models import Event, Gap, Relay, Run
from inventory.models import (
    Barcode,
    Count,
    CountEntry,
    Drift,
    ExpectedDelivery,
    KeepRule,
    LabelRecord,
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
from omniretail.unfold import UNFOLD
from orders.models import (
    Customer,
    Erasure,
    Fulfilment,
    Order,
    PickList,
    Reconciliation,
    Return,
    ReturnReceiptLine,
    Scan,
    SourcingReceipt,
)
from stores.models import Bin, Channel, Location, NetworkRevision
from tests.conftest import ApiCaller
from tests.factories import UserFactory
from tests.omniretail.admin.admin_helpers import cost, more_of_everything, page, rows_in

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


OURS = ("stores", "inventory", "orders", "access", "outbox", "idempotency", "audit")


LOOKED_AT = (
    Barcode,
    LabelRecord,
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


def test_every_table_of_ours_has_a_page_or_a_place_on_one() -> None:
    shown = {inline.model for page in admin.site._registry.values() for inline in page.inlines}
    models = [m for label in OURS for m in apps.get_app_config(label).get_models()]
    books_of_the_relay = {Run, Gap}  # how far it has come stands on its page
    chain_of_the_audit = {Seal}  # the nightly check says whether it holds
    notes_of_work = {Erasure}  # ids alone, gone after the last look; counted among what is overdue
    shown |= books_of_the_relay | chain_of_the_audit | notes_of_work
    missing = [m.__name__ for m in models if m not in admin.site._registry and m not in shown]
    assert missing == []


def test_the_sidebar_leads_to_every_list(staff: Client) -> None:
    groups = UNFOLD["SIDEBAR"]["navigation"]
    links = {str(item["link"]) for group in groups for item in group["items"]}
    lists = {page("changelist", model) for model in admin.site._registry}
    assert lists <= links
    for other in links - lists:
        assert staff.get(other).status_code == 200, other


def test_every_list_and_every_page_opens(staff: Client, day: str) -> None:
    empty = []
    for model in (*LOOKED_AT, *EDITED):
        row = model._default_manager.first()
        if row is None:
            empty.append(model.__name__)
            continue
        assert rows_in(staff.get(page("changelist", model))) > 0, model
        answer = staff.get(page("change", model, row.pk))
        assert answer.status_code == 200, (model, answer.status_code)
    assert empty == []


def test_what_is_edited_has_a_page_to_add_it(staff: Client) -> None:
    for model in EDITED:
        assert staff.get(page("add", model)).status_code == 200, model


def test_the_front_page_opens_for_staff_alone(staff: Client) -> None:
    assert staff.get(reverse("admin:index")).status_code == 200
    stranger = Client().get(reverse("admin:index"))
    assert (stranger.status_code, "login" in stranger.url) == (302, True)


def test_nothing_of_the_pool_or_of_a_life_cycle_is_edited(staff: Client, day: str) -> None:
    for model in LOOKED_AT:
        row = model._default_manager.first()
        assert staff.get(page("add", model)).status_code == 403, model
        assert staff.post(page("change", model, row.pk), {}).status_code == 403, model
        assert staff.post(page("delete", model, row.pk), {"post": "yes"}).status_code == 403, model
        bulk = {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"}
        staff.post(page("changelist", model), bulk)
        assert model._default_manager.filter(pk=row.pk).exists(), model
        assert b'name="_save"' not in staff.get(page("change", model, row.pk)).content, model


def test_what_history_refers_to_never_vanishes(staff: Client, day: str) -> None:
    for model in (Sku, Product, Location, Channel):
        row = model._default_manager.first()
        assert staff.post(page("delete", model, row.pk), {"post": "yes"}).status_code == 403


def test_a_member_of_staff_without_rights_sees_nothing(staff: Client, day: str) -> None:
    clerk = Client()
    clerk.force_login(UserFactory(username="clerk", is_staff=True))
    assert clerk.get(page("changelist", Stock)).status_code == 403


def test_a_list_asks_the_same_however_long(staff: Client, api: ApiCaller, day: str) -> None:
    models = [*LOOKED_AT, *EDITED]
    staff.get(reverse("admin:index"))
    few = {model: cost(staff, page("changelist", model)) for model in models}
    more_of_everything(api)
    many = {model: cost(staff, page("changelist", model)) for model in models}
    assert many == few
