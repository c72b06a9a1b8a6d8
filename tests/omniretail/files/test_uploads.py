"""Sending a file: what is refused at once, and that a refusal leaves no trace."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from core.imports.models import Import
from inventory.models import Stock
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory
from tests.inventory.stock_helpers import pointers, problem
from tests.omniretail.files.import_helpers import apply_files, bring_in, counts, row_errors, send

pytestmark = pytest.mark.django_db
HEADER = "sku,location,on_hand\n"


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    LocationFactory(code="S1")
    SkuFactory(code="A1")


def tables() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(r"SELECT relname FROM pg_class WHERE relname ~ '^imports_(file|work)_\d+$'")
        return [name for (name,) in cursor.fetchall()]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"\n\n", "empty_file"),
        (HEADER.encode(), "empty_file"),
        (b"sku,on_hand\nA1,1\n", "missing_columns"),
        (b"sku,location,on_hand,colour\nA1,S1,1,red\n", "unknown_columns"),
        (b"sku,sku,location,on_hand\nA1,A1,S1,1\n", "duplicate_columns"),
        (b"sku;location;on_hand;colour\nA1;S1;1;red\n", "unknown_columns"),
        (b"sku:location:on_hand\nA1:S1:1\n", "missing_columns"),
        (b'"sku,location,on_hand\nA1,S1,1\n', "no_header"),
        (b"x" * 70_000, "no_header"),
        ("sku,location,on_hand\nA1,S1,1\n".encode("utf-16")[:-1], "not_utf8"),
        (b"PK\x03\x04 a workbook", "no_csv"),
        (b"\x1f\x8b packed", "no_csv"),
        (b" <!DOCTYPE html>\n<html>Please log in</html>\n", "no_csv"),
        (HEADER.encode() + b"A1,S1,1\nCaf\xe9,S1,1\n", "not_utf8"),
        (HEADER.encode() + b'A1,S1,1\n"A1,S1,2\n', "broken_csv"),
        (HEADER.encode() + b'A1,S1,"1"2\n', "broken_csv"),
        (HEADER.encode() + b'"' + b"x" * 200_000 + b'",S1,2\n', "broken_csv"),
    ],
)
def test_a_file_that_cannot_be_read_leaves_no_trace(
    api: ApiCaller, content: bytes, code: str
) -> None:
    answer = send(api, "stock", content)
    found = problem(answer, 400, "validation_error")["errors"]
    assert code in [error["code"] for error in found], found
    assert {error["pointer"] for error in found} == {"/file"}
    assert (Import.objects.count(), tables()) == (0, [])


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbf" + HEADER.encode() + b"A1,S1,5\n",
        HEADER.encode() + b"A1,S1,5",
        b"SKU , Location,ON_HAND\r\nA1,S1,5\r\n",
        HEADER.encode() + b"A1,S1,5\r\n\r\n",
        HEADER.encode() + b"\\.,S1,1\nA1,S1,5\n",
        HEADER.encode() + b"A\x001,S1,1\nA1,S1,5\n",
        HEADER.encode() + b"A1,S1,5\n" + b"x" * 300_000 + b",S1,1\n",
        HEADER.encode() + b'A1,"S1","5"\n\\.\n',
    ],
)
def test_files_as_programs_write_them_are_read(api: ApiCaller, content: bytes) -> None:
    answer = send(api, "stock", content)
    assert answer.status_code == 202, answer.content
    apply_files()
    done = api.get(f"imports/{answer.json()['id']}").json()
    assert (done["state"], done["rows_changed"]) == ("done", 1)
    assert Stock.objects.get().on_hand == 5
    assert tables() == []


@pytest.mark.parametrize(
    ("form", "wrong"),
    [
        ({"kind": "cats"}, {"/kind": "invalid_choice"}),
        ({"kind": "stock", "as_of": "yesterday"}, {"/as_of": "invalid"}),
        ({"kind": "stock", "as_of": "2999-01-01T00:00:00Z"}, {"/as_of": "not_in_the_past"}),
        ({"kind": "skus", "as_of": "2026-01-01T00:00:00Z"}, {"/as_of": "not_taken"}),
        ({"kind": "stock", "dry_run": "perhaps"}, {"/dry_run": "invalid"}),
        ({"kind": "stock", "reference": "x" * 129}, {"/reference": "max_length"}),
        ({"kind": "stock", "reference": "\x00"}, {"/reference": "null_characters_not_allowed"}),
        ({"kind": "stock", "colour": "red"}, {"/colour": "unknown_field"}),
    ],
)
def test_a_form_is_checked(api: ApiCaller, form: dict[str, str], wrong: dict[str, str]) -> None:
    kind = form.pop("kind")
    assert pointers(send(api, kind, HEADER + "A1,S1,5\n", **form)) == wrong
    assert Import.objects.count() == 0


def test_a_form_without_a_file_or_of_another_type_is_refused(api: ApiCaller) -> None:
    def post(data: Any, **more: Any) -> Any:
        headers = api.headers | {"Idempotency-Key": uuid.uuid4().hex}
        return api.client.post("/api/v1/imports", data, headers=headers, **more)

    assert pointers(post({"kind": "stock"})) == {"/file": "required"}
    assert pointers(post({"kind": "stock", "file": "text"})) == {"/file": "invalid"}
    as_json = api.post("imports", {"kind": "stock"})
    problem(as_json, 415, "unsupported_media_type")
    assert as_json.json()["detail"] == "This endpoint takes multipart/form-data."
    many = {f"f{n}": SimpleUploadedFile("x", b"x") for n in range(150)}
    problem(post(many), 400, "malformed_body")
    torn = post(b"--x\r\nnonsense", content_type="multipart/form-data; boundary=")
    problem(torn, 400, "malformed_body")
    assert torn.json()["detail"].startswith("The form cannot be read")


def test_a_file_over_the_limit_is_refused_unread(api: ApiCaller) -> None:
    answer = api.client.generic(
        "POST",
        "/api/v1/imports",
        b"x",
        content_type="multipart/form-data; boundary=x",
        headers=api.headers | {"Idempotency-Key": "k"},
        CONTENT_LENGTH=str(201 * 1024 * 1024),
    )
    problem(answer, 413, "file_too_large")


def test_the_same_key_is_the_same_import(api: ApiCaller) -> None:
    first = send(api, "stock", HEADER + "A1,S1,5\n", key="k")
    again = send(api, "stock", HEADER + "A1,S1,5\n", key="k")
    assert again.json() == first.json()
    assert again["Idempotency-Replayed"] == "true"
    assert (Import.objects.count(), len(tables())) == (1, 1)
    problem(send(api, "stock", HEADER + "A1,S1,6\n", key="k"), 422, "idempotency_mismatch")
    problem(
        send(api, "stock", HEADER + "A1,S1,5\n", key="k", dry_run="true"),
        422,
        "idempotency_mismatch",
    )
    body = {"kind": "stock", "file": SimpleUploadedFile("a.csv", HEADER.encode() + b"A1,S1,5\n")}
    without = api.client.post("/api/v1/imports", body, headers=api.headers)
    problem(without, 400, "idempotency_key_required")


@pytest.mark.parametrize(
    ("scope", "kinds"),
    [
        ("catalogue:write", {"skus", "barcodes"}),
        ("network:write", {"locations", "hours"}),
        ("stock:write", {"stock", "counts", "deliveries"}),
        ("orders:write", {"orders"}),
        ("stock:read", set()),
    ],
)
def test_each_kind_asks_for_the_scope_of_its_door(scope: str, kinds: set[str]) -> None:
    caller = make_caller([scope])
    every = ("skus", "barcodes", "locations", "hours", "stock", "counts", "deliveries", "orders")
    taken = {kind for kind in every if send(caller, kind, "x\n").status_code != 403}
    assert taken == kinds
    assert caller.get("imports").json()["results"] == []


def test_what_a_client_may_not_see_is_unknown(api: ApiCaller) -> None:
    done = bring_in(api, "stock", HEADER.strip(), "A1,S1,5")
    other = make_caller(["catalogue:write"])
    for path in (done["id"], "0", "9" * 25, "x", f"{done['id']}/errors", f"{done['id']}/changes"):
        problem(other.get(f"imports/{path}"), 404, "not_found")
    assert other.get("imports").json()["results"] == []
    assert len(api.get("imports", kind="stock", state="done").json()["results"]) == 1
    assert api.get("imports", state="failed").json()["results"] == []
    assert pointers(api.get("imports", kind="cats")) == {"/kind": "invalid_choice"}


def test_what_stops_a_whole_file_is_said(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sent = send(api, "stock", HEADER + "A1,S1,5\n").json()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TABLE staging.imports_file_{sent['id']}")
    apply_files()
    done = api.get(f"imports/{sent['id']}").json()
    assert (done["state"], done["failure"]) == (
        "failed",
        "A defect of this service. It has been logged under the request id.",
    )
    assert "stopped" in caplog.text
    assert (counts(done)[1:], row_errors(api, done)) == ((1, 0, 0, 0), [])
    assert not Stock.objects.exists()
