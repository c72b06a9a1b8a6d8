"""Imports in the admin: a form, progress, what was wrong, what would change."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from core.imports.models import Import
from tests.conftest import ServiceClient
from tests.factories import LocationFactory, SkuFactory, UserFactory
from tests.inventory.stock_helpers import balances
from tests.omniretail.files.import_helpers import apply_files

pytestmark = pytest.mark.django_db
FORM = reverse("admin:imports_import_upload")


def person(role: str = "manager", **fields: Any) -> Client:
    user = UserFactory(username=role, role=role, is_staff=True, **fields)
    client = ServiceClient()
    client.force_login(user)
    return client


def send(client: Client, content: str, **form: str) -> Any:
    file = SimpleUploadedFile("count <1>.csv", content.encode())
    return client.post(FORM, {"kind": "stock", "file": file, **form})


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    LocationFactory(code="S1")
    SkuFactory(code="A1")


def test_a_file_is_sent_and_its_page_follows_the_worker() -> None:
    staff = person()
    form = staff.get(FORM)
    assert form.status_code == 200
    assert "on_hand" in form.content.decode()
    answer = send(staff, "sku,location,on_hand\nA1,S1,7\n<b>,S1,1\n")
    file = Import.objects.get()
    assert answer["Location"] == reverse("admin:imports_import_change", args=[file.pk])
    waiting = staff.get(answer["Location"])
    assert (waiting.status_code, waiting["Refresh"]) == (200, "3")
    apply_files()
    done = staff.get(answer["Location"])
    text = done.content.decode()
    assert "Refresh" not in done
    assert "There is no SKU &lt;b&gt;." in text
    assert f"/api/v1/imports/{file.pk}/errors" in text
    assert balances("A1", "S1") == (7, 0, 0)
    listed = staff.get(reverse("admin:imports_import_changelist")).content.decode()
    assert "count &lt;1&gt;.csv" in listed
    assert '<progress max="2" value="2"' in listed
    assert FORM in listed
    assert staff.get(f"/api/v1/imports/{file.pk}/errors").status_code == 200


def test_a_dry_run_shows_what_would_change() -> None:
    staff = person()
    answer = send(staff, "sku,location,on_hand\nA1,S1,7\n", dry_run="on")
    apply_files()
    text = staff.get(answer["Location"]).content.decode()
    assert "stock/A1@S1" in text
    assert "on_hand: 7" in text
    assert balances("A1", "S1") == (0, 0, 0)


@pytest.mark.parametrize(
    ("content", "form", "said"),
    [
        ("sku,on_hand\nA1,1\n", {}, "Missing: location."),
        ("sku,location,on_hand\n", {}, "There are no rows under the header."),
        ('sku,location,on_hand\n"A1,S1,1\n', {}, "cannot be read"),
        (
            "sku,name\nA1,1\n",
            {"kind": "skus", "as_of_0": "2026-01-01", "as_of_1": "10:00"},
            "no moment",
        ),
        ("sku,location,on_hand\nA1,S1,1\n", {"kind": "cats"}, "Select a valid choice"),
    ],
)
def test_what_cannot_be_taken_is_said_at_its_field(
    content: str, form: dict[str, str], said: str
) -> None:
    answer = send(person(), content, **form)
    assert answer.status_code == 200
    assert said in answer.content.decode()
    assert Import.objects.count() == 0


def test_a_role_sends_what_its_scopes_allow() -> None:
    associate = person("associate")
    assert b'value="stock"' in associate.get(FORM).content
    assert b'value="skus"' not in associate.get(FORM).content
    refused = send(associate, "sku,name\nA1,Mug\n", kind="skus")
    assert (refused.status_code, Import.objects.count()) == (200, 0)
    agent = person("agent")
    assert b'value="stock"' not in agent.get(FORM).content
    assert Client().get(FORM).status_code == 302


@pytest.mark.parametrize(
    ("model", "file"),
    [
        ("inventory_stock", "stock"),
        ("inventory_stockmovement", "movements"),
        ("orders_order", "orders"),
    ],
)
def test_lists_can_be_downloaded(model: str, file: str) -> None:
    staff = person()
    address = reverse(f"admin:{model}_download")
    assert address in staff.get(reverse(f"admin:{model}_changelist")).content.decode()
    answer = staff.get(address, follow=True)
    assert answer["Content-Disposition"] == f'attachment; filename="{file}.csv"'
