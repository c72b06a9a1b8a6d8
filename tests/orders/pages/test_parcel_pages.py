"""Packing, sending, making ready and handing over on pages, without scripts."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from core.audit.models import AuditRecord
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import assert_laws_hold, place, show_pass, step, units
from tests.orders.pages.pick_floor import set_up_floor, sign_in

pytestmark = pytest.mark.django_db
ADA = {"name": "Ada van Rossum", "email": "ada@example.org"}
HOME = {"name": "Ada van Rossum", "line1": "2 Elm Row", "city": "Leeds", "country": "GB"}


@pytest.fixture
def shop() -> Client:
    set_up_floor()
    return sign_in("jo", role="associate")


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def do(client: Client, code: str, what: str, /, **form: Any) -> Any:
    sent = {"do": what, "form_key": uuid.uuid4().hex} | form
    return client.post(f"/staff/parcels/{code}/", sent)


def picked(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    """Place an order and pick all of it; return the parcel's code."""
    order = place(api, *lines, customer=ADA, **more)
    (fulfilment,) = order["fulfilments"]
    lines_of = [(line["line_id"], line["quantity"]) for line in fulfilment["lines"]]
    step(api, fulfilment["id"], "pick", units(*lines_of))
    return str(fulfilment["id"])


def state(code: str) -> str:
    return Fulfilment.objects.get(code=code).state


def test_a_parcel_is_packed_and_sent(shop: Client, api: ApiCaller) -> None:
    code = picked(api, ("MUG", 2), ship_to=HOME)
    assert code in text(shop.get("/staff/parcels/"))
    shown = text(shop.get(f"/staff/parcels/{code}/"))
    assert "2 of 2" in shown
    assert "2 Elm Row" in shown, "who packs writes the label"
    assert do(shop, code, "pack").status_code == 302
    assert state(code) == "packed"
    assert do(shop, code, "ship", carrier="DHL", tracking="JD1").status_code == 302
    assert state(code) == "shipped"
    assert "2 Elm Row" not in text(shop.get(f"/staff/parcels/{code}/"))
    assert AuditRecord.objects.filter(
        action="personal_data.read", data={"released": {"labels": 1}}
    ).exists()
    assert_laws_hold()


def test_a_form_sent_twice_is_one_act(shop: Client, api: ApiCaller) -> None:
    code = picked(api, ("MUG", 1), ship_to=HOME)
    key = uuid.uuid4().hex
    assert [do(shop, code, "pack", form_key=key).status_code for _ in range(2)] == [302, 302]
    assert do(shop, code, "pack").status_code == 409
    assert do(shop, code, "unpack").status_code == 302
    assert state(code) == "picking"


def test_what_is_not_picked_is_not_packed(shop: Client, api: ApiCaller) -> None:
    order = place(api, ("MUG", 2))
    code = order["fulfilments"][0]["id"]
    step(api, code, "pick", units(("1", 1)))
    assert code not in text(shop.get("/staff/parcels/"))
    assert "Not everything is picked yet." in text(shop.get(f"/staff/parcels/{code}/"))
    assert do(shop, code, "pack").status_code == 409
    assert state(code) == "picking"


def ready(api: ApiCaller, shop: Client, *lines: tuple[str, int], bay: str = "B7") -> str:
    code = picked(api, *lines, pickup_at="W1")
    assert do(shop, code, "ready", bay=bay).status_code == 302
    return code


def test_all_of_a_customer_is_handed_over_by_a_pass(shop: Client, api: ApiCaller) -> None:
    first, second = ready(api, shop, ("MUG", 1)), ready(api, shop, ("LAMP", 1), bay="B8")
    listed = text(shop.get("/staff/parcels/"))
    assert "A. v. R." in listed
    assert "Ada" not in listed
    qr = show_pass(first).json()["qr"]
    opened = shop.post("/staff/parcels/", {"payload": qr})
    assert opened.status_code == 200
    assert "The customer's pass was scanned." in opened.content.decode().replace("&#x27;", "'")
    assert second in text(opened)
    given = do(shop, first, "hand-over", qr=qr, parcel=[first, second], collected_by="Grace")
    assert given.status_code == 302, text(given)
    assert (state(first), state(second)) == ("collected", "collected")
    assert "2 parcels handed over." in text(shop.get("/staff/parcels/"))
    assert_laws_hold()


def test_a_wrong_code_opens_nothing_and_is_counted(shop: Client, api: ApiCaller) -> None:
    code = ready(api, shop, ("MUG", 1))
    right = show_pass(code).json()["code"]
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(2):
        assert do(shop, code, "hand-over", code=wrong).status_code == 409
    assert Fulfilment.objects.get(code=code).wrong_codes == 2
    assert do(shop, code, "hand-over").status_code == 409
    assert do(shop, code, "hand-over", code=right).status_code == 302
    assert state(code) == "collected"


def test_a_document_opens_for_who_may_look_at_it(shop: Client, api: ApiCaller) -> None:
    code = ready(api, shop, ("MUG", 1))
    operative = sign_in("ola", role="operative")
    assert "no pass" not in text(operative.get(f"/staff/parcels/{code}/"))
    assert do(operative, code, "hand-over", document="passport").status_code == 409
    assert do(shop, code, "hand-over", document="library card").status_code == 409
    assert do(shop, code, "hand-over", document="passport").status_code == 302
    seen = AuditRecord.objects.get(action="identity_checked")
    assert (seen.actor, seen.data["document"]) == ("jo", "passport")


def test_a_parcel_of_another_place_does_not_exist(shop: Client, api: ApiCaller) -> None:
    code = picked(api, ("MUG", 1), ship_to=HOME)
    stranger = sign_in("eve", places=("W2",))
    assert stranger.get(f"/staff/parcels/{code}/").status_code == 404
    assert do(stranger, code, "pack").status_code == 404
    assert stranger.post("/staff/parcels/", {"payload": code})["Location"] == "/staff/parcels/"
    assert code not in text(stranger.get("/staff/parcels/"))
    assert state(code) == "picking"


def test_no_page_holds_the_code(shop: Client, api: ApiCaller) -> None:
    code = ready(api, shop, ("MUG", 1))
    secret = show_pass(code).json()
    for page in (f"/staff/parcels/{code}/", "/staff/parcels/", "/staff/"):
        said = shop.get(page).content.decode()
        assert secret["code"] not in said
        assert secret["qr"] not in said


def test_nothing_that_is_sent_breaks_a_page(shop: Client, api: ApiCaller) -> None:
    code = ready(api, shop, ("MUG", 1))
    for payload in ("", "\x00", "omni:pickup:", f"omni:pickup:{code}", "x" * 900):
        assert shop.post("/staff/parcels/", {"payload": payload}).status_code in (200, 302)
    for what in ("dance", "pack", "ship"):
        assert do(shop, code, what, carrier="\x00", tracking="y" * 999).status_code == 409
    assert do(shop, code, "hand-over", code="1" * 999).status_code == 409
    assert shop.get("/staff/parcels/NOWHERE-1/").status_code == 404


def test_pages_take_few_queries(
    shop: Client, api: ApiCaller, django_assert_max_num_queries: Any
) -> None:
    codes = [ready(api, shop, ("MUG", 1)) for _ in range(6)]
    with django_assert_max_num_queries(14):
        shop.get("/staff/parcels/")
    with django_assert_max_num_queries(20):
        shop.get(f"/staff/parcels/{codes[0]}/")
