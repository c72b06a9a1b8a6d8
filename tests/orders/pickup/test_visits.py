"""One visit of a customer: one code, and all that waits for them."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from core.outbox.models import Event
from orders.commands.fulfilment import visit
from orders.models import Fulfilment
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory, SkuFactory, stock_up
from tests.orders.fulfilment_helpers import (
    assert_laws_hold,
    place,
    refused,
    show_pass,
    step,
    stock,
    units,
)
from tests.orders.pickup.pickup_helpers import wrong_code

pytestmark = pytest.mark.django_db

ADA = {"name": "Ada", "email": "ada@example.org"}
BOB = {"name": "Bob", "email": "bob@example.org"}
PASSPORT = {"identity": {"document": "passport"}}


def pickup(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    """Place an order and put it into its bay; return its fulfilment."""
    order = place(api, *lines, pickup_at="S1", **more)
    code = str(order["fulfilments"][0]["id"])
    step(api, code, "pick", units(*[(str(n), q) for n, (_, q) in enumerate(lines, start=1)]))
    step(api, code, "ready")
    return code


def two_parcels(api: ApiCaller) -> list[str]:
    """Place one order of which a part comes from a warehouse; return both parcels, waiting."""
    LocationFactory(code="W1", pickup=False)
    stock_up(SkuFactory(code="C1"), LocationFactory(code="W1"), 5)
    order = place(api, ("A1", 1), ("C1", 1), pickup_at="S1")
    codes = []
    for fulfilment in order["fulfilments"]:
        code = fulfilment["id"]
        line = fulfilment["lines"][0]["line_id"]
        step(api, code, "pick", units((line, 1)))
        if fulfilment["source"]:
            step(api, code, "pack")
            transfer = step(api, code, "ship")["transfer"]
            came = {"lines": [{"sku": "C1", "quantity": 1}]}
            assert api.post(f"transfers/{transfer}/receive", came).status_code == 200
        else:
            step(api, code, "ready")
        codes.append(str(code))
    return codes


def shown(api: ApiCaller, code: str) -> dict[str, str]:
    answer = show_pass(code)
    assert answer.status_code == 200, answer.content
    result: dict[str, str] = answer.json()
    return result


def visit_of(api: ApiCaller, **body: Any) -> list[str]:
    answer = api.post("hand-overs", {"location": "S1"} | body)
    assert answer.status_code == 201, answer.content
    given = answer.json()["fulfilments"]
    assert {each["state"] for each in given} == {"collected"}
    return sorted(each["id"] for each in given)


def waiting() -> set[str]:
    return set(Fulfilment.objects.filter(state="ready").values_list("code", flat=True))


def test_two_parcels_of_one_order_have_one_code(api: ApiCaller) -> None:
    one, two = two_parcels(api)
    assert shown(api, one)["code"] == shown(api, two)["code"]
    assert visit_of(api, code=shown(api, one)["code"]) == sorted([one, two])
    assert (stock("A1", "S1"), stock("C1", "S1")) == ((4, 0, 0), (0, 0, 0))
    number = one.rpartition("-")[0]
    assert api.get(f"orders/{number}").json()["state"] == "completed"
    assert Event.objects.filter(type="order.completed", order=number).count() == 1
    assert_laws_hold()


@pytest.mark.parametrize("proof", ["code", "qr"])
def test_one_pass_opens_all_parcels_of_a_customer(api: ApiCaller, proof: str) -> None:
    mine = [pickup(api, ("A1", 1), customer=ADA), pickup(api, ("B1", 2), customer=ADA)]
    other = pickup(api, ("A1", 1), customer=BOB)
    assert visit_of(api, **{proof: shown(api, mine[1])[proof]}) == sorted(mine)
    assert waiting() == {other}
    assert (stock("A1", "S1"), stock("B1", "S1")) == ((4, 1, 0), (3, 0, 0))
    assert_laws_hold()


def test_an_order_without_a_customer_is_a_visit_of_its_own(api: ApiCaller) -> None:
    one, two = pickup(api, ("A1", 1), customer=None), pickup(api, ("A1", 1), customer=None)
    assert visit_of(api, code=shown(api, one)["code"]) == [one]
    assert waiting() == {two}


def test_some_parcels_may_be_taken_first(api: ApiCaller) -> None:
    mine = [pickup(api, ("A1", 1), customer=ADA), pickup(api, ("B1", 1), customer=ADA)]
    code = shown(api, mine[0])["code"]
    assert visit_of(api, code=code, fulfilments=[mine[0]]) == [mine[0]]
    assert waiting() == {mine[1]}
    assert visit_of(api, code=shown(api, mine[1])["code"]) == [mine[1]]


def test_a_document_opens_the_parcels_that_are_named(api: ApiCaller) -> None:
    mine = [pickup(api, ("A1", 1), customer=ADA), pickup(api, ("B1", 1), customer=ADA)]
    other = pickup(api, ("A1", 1), customer=BOB)
    problem = refused(
        api.post("hand-overs", {"location": "S1"} | PASSPORT), 400, "validation_error"
    )
    assert problem["errors"][0]["pointer"] == "/fulfilments"
    body = {"location": "S1", "fulfilments": [*mine, other]} | PASSPORT
    problem = refused(api.post("hand-overs", body), 400, "validation_error")
    assert problem["errors"][0]["code"] == "several_customers"
    second = {"identity": {"document": "passport", "second_person": "Bea"}}
    assert visit_of(api, fulfilments=mine, **second) == sorted(mine)
    checked = AuditRecord.objects.filter(action="identity_checked").values_list("data", flat=True)
    assert list(checked) == [{"document": "passport", "second_person": "Bea"}] * 2


def test_looking_at_documents_needs_a_scope(api: ApiCaller) -> None:
    code = pickup(api, ("A1", 1))
    till = make_caller(["fulfilment:write"], locations=["S1"])
    for path, body in (
        ("hand-overs", {"location": "S1", "fulfilments": [code]} | PASSPORT),
        (f"fulfilments/{code}/collect", PASSPORT),
    ):
        problem = refused(till.post(path, body), 403, "forbidden")
        assert problem["scope"] == "pickup:identity"
    allowed = make_caller(["fulfilment:write", "pickup:identity"], locations=["S1"])
    assert visit_of(allowed, fulfilments=[code], **PASSPORT) == [code]


def test_a_named_proxy_may_come(api: ApiCaller) -> None:
    code = pickup(api, ("A1", 1), customer=ADA)
    visit_of(api, code=shown(api, code)["code"], collected_by="Carl Proxy")
    number = code.rpartition("-")[0]
    told = [line["text"] for line in api.get(f"orders/{number}/timeline").json()["results"]]
    assert f"S1 handed over 1 x A1 of {code} to Carl Proxy for the customer" in told
    customer = api.get(f"orders/{number}").json()["customer_id"]
    assert api.post(f"customers/{customer}/erase").status_code == 200
    assert "Carl" not in str(list(Event.objects.filter(order=number).values_list("data")))


def test_a_code_that_fits_none_is_counted_at_the_counter(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "MAX_WRONG_AT_COUNTER", 3)
    code = pickup(api, ("A1", 1))
    body = {"location": "S1", "code": wrong_code(code)}
    for left in (2, 1, 0):
        problem = refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
        assert problem["remaining_tries"] == left
    right = {"location": "S1", "code": shown(api, code)["code"]}
    refused(api.post("hand-overs", right), 403, "pickup_locked")
    assert Fulfilment.objects.get().wrong_codes == 0
    # A shop can go on: parcels that are named have their own count.
    assert visit_of(api, code=right["code"], fulfilments=[code]) == [code]


def test_guesses_are_forgotten_after_a_while(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visit, "MAX_WRONG_AT_COUNTER", 1)
    code = pickup(api, ("A1", 1))
    body = {"location": "S1", "code": wrong_code(code)}
    refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
    refused(api.post("hand-overs", body), 403, "pickup_locked")
    monkeypatch.setattr(visit, "COUNTED_FOR", -visit.COUNTED_FOR)
    assert visit_of(api, code=shown(api, code)["code"]) == [code]


def test_wrong_codes_of_named_parcels_lock_them(api: ApiCaller) -> None:
    code = pickup(api, ("A1", 1))
    body = {"location": "S1", "code": wrong_code(code), "fulfilments": [code]}
    for left in (4, 3, 2, 1, 0):
        problem = refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
        assert problem["remaining_tries"] == left
    right = shown(api, code)["code"]
    refused(api.post("hand-overs", body | {"code": right}), 403, "pickup_locked")
    refused(api.post("hand-overs", {"location": "S1", "code": right}), 403, "pickup_locked")
    refused(api.post(f"fulfilments/{code}/collect", {"code": right}), 403, "pickup_locked")
    assert stock("A1", "S1") == (5, 1, 0)


def test_a_code_of_one_does_not_open_anothers(api: ApiCaller) -> None:
    mine, other = pickup(api, ("A1", 1), customer=ADA), pickup(api, ("A1", 1), customer=BOB)
    body = {"location": "S1", "code": shown(api, mine)["code"], "fulfilments": [mine, other]}
    refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
    assert waiting() == {mine, other}


def test_a_code_of_two_customers_opens_neither(
    api: ApiCaller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("orders.pickup_code.DIGITS", 0)
    mine, other = pickup(api, ("A1", 1), customer=ADA), pickup(api, ("A1", 1), customer=BOB)
    code = shown(api, mine)["code"]
    assert code == shown(api, other)["code"]
    problem = refused(
        api.post("hand-overs", {"location": "S1", "code": code}), 409, "ambiguous_pickup_code"
    )
    assert sorted(problem["fulfilments"]) == sorted([mine, other])
    assert visit_of(api, qr=shown(api, mine)["qr"]) == [mine]
    assert visit_of(api, code=code, fulfilments=[other]) == [other]


def test_what_was_handed_over_is_no_wrong_guess(api: ApiCaller) -> None:
    code = pickup(api, ("A1", 1))
    passes = shown(api, code)
    body = {"location": "S1", "code": passes["code"]}
    first = api.post("hand-overs", body, key="visit")
    again = api.post("hand-overs", body, key="visit")
    assert (first.status_code, first.json()) == (201, again.json())
    assert again["Idempotency-Replayed"] == "true"
    for proof in ({"code": passes["code"]}, {"qr": passes["qr"]}):
        problem = refused(
            api.post("hand-overs", {"location": "S1"} | proof), 409, "illegal_transition"
        )
        assert (problem["state"], problem["fulfilment"]) == ("collected", code)
    assert stock("A1", "S1") == (4, 0, 0)


def test_an_old_pass_opens_nothing_that_came_later(api: ApiCaller) -> None:
    first = pickup(api, ("A1", 1), customer=ADA)
    old = shown(api, first)
    assert visit_of(api, qr=old["qr"]) == [first]
    later = pickup(api, ("A1", 1), customer=ADA)
    for proof in ("code", "qr"):
        body = {"location": "S1", proof: old[proof]}
        refused(api.post("hand-overs", body), 409, "illegal_transition")
        body |= {"fulfilments": [later]}
        refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
    assert waiting() == {later}


def test_the_pass_of_one_shop_opens_nothing_in_another(api: ApiCaller) -> None:
    LocationFactory(code="S2", store=True)
    code = pickup(api, ("A1", 1))
    for proof in ("code", "qr"):
        body = {"location": "S2", proof: shown(api, code)[proof]}
        refused(api.post("hand-overs", body), 403, "wrong_pickup_code")
    elsewhere = make_caller(["fulfilment:write"], locations=["S2"])
    body = {"location": "S1", "code": shown(api, code)["code"]}
    refused(elsewhere.post("hand-overs", body), 400, "validation_error")


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({}, ""),
        ({"code": "1", "qr": "2"}, ""),
        ({"code": "1", "location": "S9"}, "/location"),
        ({"code": "1", "location": None}, "/location"),
        ({"code": "1", "fulfilments": []}, "/fulfilments"),
        ({"code": "1", "fulfilments": ["1-1"]}, "/fulfilments/0"),
        ({"code": "1", "fulfilments": "1-1"}, "/fulfilments"),
        ({"code": "1", "collected_by": ""}, "/collected_by"),
        ({"code": "1", "lines": []}, "/lines"),
    ],
)
def test_a_bad_body_hands_nothing_over(
    api: ApiCaller, waiting: str, body: Any, pointer: str
) -> None:
    answer = api.post("hand-overs", {"location": "S1"} | body)
    problem = refused(answer, 400, "validation_error")
    assert problem["errors"][0]["pointer"].startswith(pointer)
    assert stock("A1", "S1") == (5, 2, 0)
