"""Every page of the service, for each role, tied to our places or to none, with rows of ours and
of another's: none breaks, none tells of the other, and nothing of it is changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.db import transaction
from django.db.models import Model
from django.test import Client

from core.access.models import User
from core.access.scopes import ROLES
from core.access.visibility import Visible
from core.admin.visible import VisibleAdmin
from core.audit.models import AuditRecord, Outcome, SecurityRecord
from core.imports.models import Import
from core.outbox.models import Event
from inventory.models import Stock, StockMovement
from omniretail.files.kinds import KINDS
from orders.models import Customer, Reconciliation, Violation
from tests.omniretail.admin.admin_helpers import page as address_of
from tests.omniretail.pages.addresses import Page, pages, row_of
from tests.omniretail.pages.retailer import OURS, THEIRS, hire

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("retailer")]

EVERYONE = [*ROLES, "superuser"]
# People see what other shops have, and where: they sell it.
TELLS_OF_STOCK = f"{THEIRS}-(place|depot)"
# What a person who is tied to places sees alone by what the person did, or not at all.
OF_ITS_AUTHOR = {AuditRecord, Import, Reconciliation, SecurityRecord, Violation}
# Django leads on from there, to the page of the row or of another site, and tells nothing of it.
LEADS_ON = "/<object_id>/"
# These take no session, or end it.
OPEN_TO_ALL = {
    "", "healthz", "readyz", "metrics", "favicon.ico", "problems/", "problems/<code>",
    "account/sign-on/", "account/sign-on/callback/",
}  # fmt: skip
# Of these the method is refused before it is asked who sends it.
TAKES_POST = {"staff/place", "staff/language", "staff/pick/start"}
SIGNING = {"admin/login/", "admin/logout/"}
LEDGERS = (Event, StockMovement, LogEntry)


@contextmanager
def undone() -> Iterator[None]:
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def signed_in(role: str, *, tied: bool) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(hire(role, tied=tied))
    return browser


def told(answer: Any, model: type[Model] | None) -> set[str]:
    """Return the names of the other half that an answer tells, but for where stock is."""
    words = set(re.findall(rf"{THEIRS}-\w+", answer.content.decode() + answer.get("Location", "")))
    return {word for word in words if model is not Stock or not re.fullmatch(TELLS_OF_STOCK, word)}


def names_customer(answer: Any) -> bool:
    return f"{OURS}-customer" in answer.content.decode()


def written() -> list[int]:
    """Count what was done. The security log also tells what was refused, which changes nothing."""
    done = AuditRecord.objects.exclude(outcome=Outcome.REFUSED)
    return [done.count(), *(each._default_manager.count() for each in LEDGERS)]


def concerns_places(page: Page) -> bool:
    is_of_row = page.names_row and not page.route.endswith(LEADS_ON)
    return is_of_row and page.model is not None and issubclass(page.model, Visible)


def test_every_argument_is_known() -> None:
    for page in pages():
        for mark in (OURS, THEIRS):
            assert "<" not in page.address(mark), page


def test_every_table_and_every_inline_reads_through_the_rules() -> None:
    for table in admin.site._registry.values():
        for each in (table, *(inline(table.model, admin.site) for inline in table.inlines)):
            assert isinstance(each, VisibleAdmin), each


@pytest.mark.parametrize("role", EVERYONE)
def test_who_is_tied_to_places_meets_nothing_of_others(role: str) -> None:
    browser, wrong = signed_in(role, tied=True), []
    may_read = User.objects.get(username=f"{OURS}-{role}").principal().may("customers:read")
    for page in pages():
        if page.route in SIGNING:
            continue
        with undone():
            own = browser.get(page.address(OURS))
        if names_customer(own) and not may_read:
            wrong.append(f"{page.route}: names a customer")
        if own.status_code >= 500 or told(own, page.model):
            wrong.append(f"{own.status_code} {page.route}: {told(own, page.model)}")
        if concerns_places(page) and page.model not in OF_ITS_AUTHOR and own.status_code == 404:
            wrong.append(f"{page.route}: is ours, and not found")
        if not page.names_row:
            continue
        for method in (browser.get, browser.post):
            with undone():
                before = written()
                theirs = method(page.address(THEIRS))
                after = written()
            missing = (403, 404) if concerns_places(page) and page.model is not Stock else ()
            is_right = theirs.status_code < 500 if not missing else theirs.status_code in missing
            if not is_right or told(theirs, page.model) or before != after:
                wrong.append(f"{theirs.status_code} {page.route}: {told(theirs, page.model)}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [*EVERYONE, ""])
def test_no_page_breaks_for_who_is_tied_to_no_place(role: str) -> None:
    browser, wrong = signed_in(role, tied=False), []
    person = User.objects.get(username=f"{OURS}-{role}-of-all").principal()
    # Files are found by those who may send their kind.
    hidden = set() if person.may(KINDS["stock"].scope) else {Import}
    for page in pages():
        if page.route in SIGNING:
            continue
        with undone():
            answer = browser.get(page.address(THEIRS))
        if answer.status_code >= 500:
            wrong.append(f"{answer.status_code} {page.route}")
        is_wrong = answer.status_code in ((200,) if page.model in hidden else (404,))
        if concerns_places(page) and is_wrong:
            wrong.append(f"{answer.status_code} {page.route}: concerns all")
    assert not wrong, "\n".join(wrong)


def test_who_is_signed_out_is_asked_to_sign_in() -> None:
    browser = Client(raise_request_exception=False)
    for page in pages():
        for method in (browser.get, browser.post):
            answer = method(page.address(THEIRS))
            assert answer.status_code < 500, page
            assert not told(answer, None), page
            if page.route in OPEN_TO_ALL | SIGNING or "<url>" in page.route:
                continue
            if page.route in TAKES_POST and method == browser.get:
                assert answer.status_code == 405, page
                continue
            is_asked = "/login/" in answer.get("Location", "")
            assert (answer.status_code, is_asked) == (302, True), page


@pytest.mark.parametrize("role", EVERYONE)
def test_no_action_reaches_a_row_of_others(role: str) -> None:
    browser = signed_in(role, tied=True)
    for model, table in admin.site._registry.items():
        for name in ("delete_selected", *(str(each) for each in table.actions or ())):
            chosen = {"action": name, "_selected_action": row_of(model, THEIRS).pk, "post": "yes"}
            with undone():
                before = written()
                answer = browser.post(address_of("changelist", model), chosen)
                after = written()
            assert answer.status_code < 500, (model, name)
            assert (before, told(answer, model)) == (after, set()), (model, name)


@pytest.mark.parametrize("role", EVERYONE)
def test_no_choice_offers_a_row_of_others(role: str) -> None:
    browser, asked = signed_in(role, tied=True), set()
    for model in admin.site._registry:
        for field in model._meta.concrete_fields:
            other = field.related_model
            if not isinstance(other, type) or other in asked or other not in admin.site._registry:
                continue
            asked.add(other)
            of = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
            for term in ("", THEIRS, OURS):
                query = of | {"field_name": field.name, "term": term}
                answer = browser.get("/admin/autocomplete/", query)
                assert answer.status_code < 500, query
                assert not told(answer, other), query
    assert asked


def test_a_list_takes_no_look_up_that_no_filter_declares() -> None:
    browser, tried = signed_in("manager", tied=False), 0
    for model, table in admin.site._registry.items():
        if browser.get(address_of("changelist", model)).status_code == 403:
            continue
        declared = {each for each in table.list_filter if isinstance(each, str)}
        fields = [field for field in model._meta.concrete_fields if field.name not in declared]
        names = [field.name for field in fields]
        names += [
            f"{field.name}__{their.name}"
            for field in fields
            if isinstance(field.related_model, type)
            for their in field.related_model._meta.concrete_fields
        ]
        for name in names:
            for suffix in ("__startswith", "__line1__startswith", "__regex"):
                query = {f"{name}{suffix}": "x"}
                assert browser.get(address_of("changelist", model), query).status_code == 400, query
                tried += 1
    assert tried > 100


@pytest.mark.parametrize("role", EVERYONE)
def test_customers_are_listed_for_those_who_may_read_them(role: str) -> None:
    person = hire(role, tied=True)
    browser = Client()
    browser.force_login(person)
    may_read = person.principal().may("customers:read")
    for address in (
        address_of("changelist", Customer),
        address_of("change", Customer, row_of(Customer, OURS).pk),
    ):
        assert browser.get(address).status_code == (200 if may_read else 403)
    assert (address_of("changelist", Customer) in browser.get("/admin/").content.decode()) == (
        may_read
    )
