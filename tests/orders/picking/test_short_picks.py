"""What a picker does not find is sourced again."""

from __future__ import annotations

from typing import Any

import pytest
from django.db.models import F

from core.audit.models import AuditRecord
from orders.models import Fulfilment
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import assert_laws_hold, events, place, refused, step, stock
from tests.orders.picking.picking_helpers import GTINS, scan, send, short, start

pytestmark = pytest.mark.django_db


def test_a_short_pick_is_sourced_elsewhere_at_once(api: ApiCaller) -> None:
    order = place(api, ("A1", 3))
    code = order["fulfilments"][0]["id"]
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    answer = short(api, pick_list, 2)  # a second one lay behind, and was not scanned
    assert answer.status_code == 200, answer.content
    (line,) = answer.json()["lines"]
    assert (line["quantity"], line["picked"], line["short"]) == (3, 2, 1)
    assert stock("A1", "W1") == (10, 2, 1)
    assert stock("A1", "W2") == (10, 1, 0)
    after = api.get(f"orders/{order['number']}").json()
    assert [(s["location"], s["lines"][0]["quantity"]) for s in after["fulfilments"]] == [
        ("W1", 2), ("W2", 1),
    ]  # fmt: skip
    task = AuditRecord.objects.get(action="count_needed")
    assert (task.subject, task.data) == ("stock/A1@W1", {"not_found": 1})
    assert "fulfilment.rejected" in events(order["number"])
    assert_laws_hold()
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200
    assert step(api, code, "pack")["state"] == "packed"


def test_nothing_found_leaves_the_fulfilment_rejected(api: ApiCaller) -> None:
    order = place(api, ("A1", 2))
    pick_list = start(api)
    assert short(api, pick_list, 0).status_code == 200
    first = api.get(f"fulfilments/{order['fulfilments'][0]['id']}").json()
    assert first["state"] == "rejected"
    assert stock("A1", "W1") == (10, 0, 2)
    assert short(api, pick_list, 0).json() == api.get(f"pick-lists/{pick_list['id']}").json()
    refused(short(api, pick_list, 1), 409, "line_settled")
    assert api.post(f"pick-lists/{pick_list['id']}/complete").status_code == 200
    assert_laws_hold()


@pytest.mark.parametrize("found", [0, 3, 4, -1, True, "1", None, 10**30, 1.0])
def test_found_lies_between_what_is_picked_and_what_was_asked(api: ApiCaller, found: Any) -> None:
    place(api, ("A1", 3))
    pick_list = start(api)
    send(api, pick_list, scan(GTINS["A1"]))
    problem = refused(short(api, pick_list, found), 400, "validation_error")
    assert problem["errors"][0]["pointer"] == "/found"
    assert stock("A1", "W1") == (10, 3, 0)


def test_a_line_of_another_list_is_not_found(api: ApiCaller) -> None:
    place(api, ("A1", 1))
    first = start(api)
    place(api, ("A1", 1))
    second = start(api)
    line = second["lines"][0]["id"]
    refused(
        api.post(f"pick-lists/{first['id']}/lines/{line}/short", {"found": 0}), 404, "not_found"
    )
    assert not Fulfilment.objects.filter(lines__quantity__lt=F("lines__order_line__ordered"))
