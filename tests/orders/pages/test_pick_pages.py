"""Picking on pages, without scripts: from the day's work to a list that is done."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from django.test import Client

from orders.models import Fulfilment, PickList, PickListLine, Scan
from tests.conftest import ApiCaller
from tests.orders.fulfilment_helpers import assert_laws_hold, place
from tests.orders.pages.pick_floor import GTINS, sign_in

pytestmark = pytest.mark.django_db


def text(answer: Any) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


def start(picker: Client, **more: str) -> str:
    form = {"form_key": uuid.uuid4().hex, "mode": "single"} | more
    answer = picker.post("/staff/pick/start", form)
    assert answer.status_code == 302, text(answer)
    return answer["Location"]


def scan(picker: Client, page: str, payload: str, **more: Any) -> Any:
    form = {"do": "scan", "scan_id": str(uuid.uuid4()), "payload": payload} | more
    return picker.post(page, form)


def test_a_list_is_taken_picked_and_finished(picker: Client, api: ApiCaller) -> None:
    number = place(api, ("MUG", 2), ("LAMP", 1))["number"]
    day = text(picker.get("/staff/"))
    assert "Pick 1 order" in day
    assert number in text(picker.get("/staff/pick/"))

    page = start(picker)
    shown = text(picker.get(page))
    assert "A-01" in shown
    assert "Nice mug" in shown
    for payload in (GTINS["MUG"], "mug", GTINS["LAMP"]):
        answer = scan(picker, page, payload)
        assert answer.status_code == 302
        assert "1 picked." in text(picker.get(answer["Location"]))
    assert "All lines are done" in text(picker.get(page))
    assert picker.post(page, {"do": "complete"})["Location"] == "/staff/pick/"
    assert PickList.objects.get().state == "completed"
    assert PickList.objects.get().person == "picker"
    assert "Nothing to pick" in text(picker.get("/staff/pick/"))
    assert_laws_hold()


def test_a_form_sent_twice_takes_one_list_and_a_scan_sent_twice_counts_once(
    picker: Client, api: ApiCaller
) -> None:
    place(api, ("MUG", 2))
    place(api, ("MUG", 2))
    key = uuid.uuid4().hex
    assert start(picker, form_key=key) == start(picker, form_key=key)
    page, scan_id = f"/staff/pick/{PickList.objects.get().pk}/", str(uuid.uuid4())
    for _ in range(2):
        assert scan(picker, page, "MUG", scan_id=scan_id).status_code == 302
    assert PickListLine.objects.get().picked == 1


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        ("04006381333931", "LAMP is not on this list."),
        ("99999999", "The code 99999999 is not known."),
        ("", "Scan the code of the goods."),
        ("x" * 600, "Scan the code of the goods."),
    ],
)
def test_a_wrong_scan_is_refused_on_the_page_and_counts_nothing(
    picker: Client, api: ApiCaller, payload: str, words: str
) -> None:
    place(api, ("MUG", 1))
    page = start(picker)
    assert words in text(scan(picker, page, payload))
    assert PickListLine.objects.get().picked == 0


def test_one_too_many_is_put_back(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 1), ("LAMP", 1))
    page = start(picker)
    scan(picker, page, "MUG")
    assert "MUG: more than asked." in text(scan(picker, page, "MUG"))


def test_the_last_scan_is_undone(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 2))
    page = start(picker)
    scan(picker, page, "MUG")
    last = str(Scan.objects.get().pk)
    for _ in range(2):
        assert picker.post(page, {"do": "undo", "scan_id": last}).status_code == 302
    assert PickListLine.objects.get().picked == 0
    assert "Undo the last" not in text(picker.get(page))


def test_what_is_not_found_is_short_and_may_be_found_after_all(
    picker: Client, api: ApiCaller
) -> None:
    place(api, ("MUG", 3))
    page = start(picker)
    line = PickListLine.objects.get()
    asked = f"{page}short/{line.pk}/"
    assert "How many did you find in all?" in text(picker.get(asked))
    for wrong in ("", "4", "-1", "3", "many"):
        assert picker.post(asked, {"found": wrong, "everywhere": "1"}).status_code == 409
    assert picker.post(asked, {"found": "1", "everywhere": "1"})["Location"] == page
    line.refresh_from_db()
    assert (line.picked, line.short) == (1, 2)
    assert "2 not found" in text(picker.get(page))
    assert picker.post(page, {"do": "undo-short", "line": line.pk}).status_code in (302, 409)
    assert_laws_hold()


def test_a_batch_names_totes_by_letters(picker: Client, api: ApiCaller) -> None:
    for _ in range(2):
        place(api, ("MUG", 1))
    page = start(picker, mode="batch")
    assert "into tote A" in text(picker.get(page))
    answer = scan(picker, page, "MUG")
    assert "1 picked. Put it into tote A." in text(picker.get(answer["Location"]))
    assert "into tote B" in text(picker.get(page))
    assert "MUG belongs into tote B." in text(scan(picker, page, "MUG", tote="A"))


def test_a_list_is_given_back(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 1))
    page = start(picker)
    assert picker.post(page, {"do": "give-back"})["Location"] == "/staff/pick/"
    assert Fulfilment.objects.get().state == "open"
    assert "This list was given back" in text(picker.get(page))
    assert picker.post(page, {"do": "give-back"}).status_code == 409


def test_another_persons_list_is_not_picked(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 1))
    page = start(picker)
    answer = scan(sign_in("colleague"), page, "MUG")
    assert answer.status_code == 409
    assert "picker" in text(answer)
    assert PickListLine.objects.get().picked == 0


def test_a_list_of_another_place_does_not_exist(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 1))
    page = start(picker)
    line = PickListLine.objects.get()
    stranger = sign_in("stranger", places=("W2",))
    for address in (page, f"{page}short/{line.pk}/"):
        assert stranger.get(address).status_code == 404
        assert stranger.post(address, {"do": "complete"}).status_code == 404
    assert "Nothing to pick" in text(stranger.get("/staff/pick/"))


def test_who_does_not_pick_gets_no_page_of_picking(floor: None, api: ApiCaller) -> None:
    agent = sign_in("agent", role="agent", places=())
    assert agent.get("/staff/pick/").status_code == 403
    assert "Picking" not in text(agent.get("/staff/"))
    assert Client().get("/staff/pick/")["Location"].startswith("/admin/login/")


def test_nothing_that_is_sent_breaks_a_page(picker: Client, api: ApiCaller) -> None:
    place(api, ("MUG", 1))
    page = start(picker)
    for form in (
        {"do": "dance"},
        {"do": "undo", "scan_id": "nonsense"},
        {"do": "undo-short", "line": "²"},
        {"do": "undo-short", "line": "99999999999999999999"},
        {"do": "scan", "scan_id": "nonsense", "payload": "MUG"},
        {"do": "scan", "scan_id": str(uuid.uuid4()), "payload": "\x00"},
    ):
        assert picker.post(page, form).status_code in (400, 404, 409), form
    assert picker.get(f"{page}?scan=nonsense").status_code == 200
    for form in ({}, {"form_key": "x", "fulfilment": "nonsense"}):
        assert picker.post("/staff/pick/start", form).status_code in (302, 409), form


def test_a_person_with_several_places_changes_between_them(api: ApiCaller, floor: None) -> None:
    both = sign_in("both", places=("W1", "W2"))
    place(api, ("MUG", 1))
    assert "Pick 1 order" in text(both.get("/staff/"))
    assert both.post("/staff/place", {"place": "W2"})["Location"] == "/staff/"
    assert "Nothing to pick" in text(both.get("/staff/"))
    both.post("/staff/place", {"place": "S9"})
    assert "Nothing to pick" in text(both.get("/staff/"))


def test_a_page_takes_few_queries(
    picker: Client, api: ApiCaller, django_assert_max_num_queries: Any
) -> None:
    for _ in range(8):
        place(api, ("MUG", 1), ("LAMP", 2))
    page = start(picker, mode="batch")
    with django_assert_max_num_queries(16):
        picker.get(page)
    with django_assert_max_num_queries(14):
        picker.get("/staff/pick/")
    with django_assert_max_num_queries(20):
        picker.get("/staff/")
