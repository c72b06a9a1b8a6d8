"""`/locations`: opening, changing and listing buildings."""

from __future__ import annotations

from typing import Any

import pytest

from core.audit.models import AuditRecord
from stores.models import Location, NetworkRevision
from stores.queries.network import current_network
from tests.conftest import ApiCaller, make_caller
from tests.factories import LocationFactory

pytestmark = pytest.mark.django_db

SHOP: dict[str, Any] = {
    "name": "Soho",
    "kind": "store",
    "timezone": "Europe/London",
    "latitude": 51.51,
    "longitude": -0.13,
    "address": {"line1": "1 Old Street", "city": "London", "postal_code": "W1D 1AA"},
    "capabilities": ["ships", "pickup", "returns"],
    "priority": 10,
    "hours": {"mon": [["09:00", "18:00"]], "sat": [["10:00", "13:00"], ["14:00", "17:00"]]},
    "exceptions": {"2026-12-25": []},
}


def test_a_location_is_opened_and_read_back(api: ApiCaller) -> None:
    opened = api.put("locations/S1", SHOP)
    assert opened.status_code == 201
    updated_at = opened.json()["updated_at"]
    assert opened.json() == {
        "code": "S1",
        **SHOP,
        "updated_at": updated_at,
    }
    read = api.get("locations/S1")
    assert (read.status_code, read.json()) == (200, opened.json())
    assert read["ETag"] == opened["ETag"]
    assert AuditRecord.objects.get().action == "location.opened"


def test_a_replacement_forgets_what_it_does_not_name(api: ApiCaller) -> None:
    api.put("locations/S1", SHOP)
    less = {key: SHOP[key] for key in ("name", "kind", "timezone")} | {"capabilities": []}
    answer = api.put("locations/S1", less)
    assert answer.status_code == 200
    assert answer.json() | less == answer.json()
    assert answer.json()["hours"] == {}
    assert answer.json()["latitude"] is None


def test_the_same_body_again_changes_nothing(api: ApiCaller) -> None:
    first = api.put("locations/S1", SHOP)
    revision = NetworkRevision.objects.get().revision
    again = api.put("locations/S1", SHOP)
    assert (again.status_code, again["ETag"]) == (200, first["ETag"])
    assert AuditRecord.objects.count() == 1
    assert NetworkRevision.objects.get().revision == revision


@pytest.mark.django_db(transaction=True)
def test_deciding_sees_the_change_at_once(api: ApiCaller) -> None:
    api.put("locations/S1", SHOP)
    assert current_network().by_code["S1"].priority == 10
    api.put("locations/S1", SHOP | {"priority": 3})
    assert current_network().by_code["S1"].priority == 3


def test_if_match_keeps_two_editors_apart(api: ApiCaller) -> None:
    tag = api.put("locations/S1", SHOP)["ETag"]
    assert (
        api.put("locations/S1", SHOP | {"name": "Soho W1"}, **{"If-Match": tag}).status_code == 200
    )
    late = api.put("locations/S1", SHOP | {"name": "SOHO"}, **{"If-Match": tag})
    assert (late.status_code, late.json()["code"]) == (412, "precondition_failed")
    new = api.put("locations/S2", SHOP, **{"If-Match": tag})
    assert new.status_code == 412
    assert [location.name for location in Location.objects.all()] == ["Soho W1"]


@pytest.mark.parametrize(
    ("change", "pointer", "code"),
    [
        ({"timezone": "Europe/Atlantis"}, "/timezone", "unknown_timezone"),
        ({"latitude": 91}, "/latitude", "max_value"),
        ({"latitude": 10**400}, "/latitude", "overflow"),
        ({"latitude": True}, "/latitude", "invalid"),
        ({"longitude": "-0.1"}, "/longitude", "invalid"),
        ({"longitude": None}, "/latitude", "half_a_point"),
        ({"capabilities": ["ships", "flies"]}, "/capabilities/1", "invalid_choice"),
        ({"capabilities": "ships"}, "/capabilities", "not_a_list"),
        ({"kind": "kiosk"}, "/kind", "invalid_choice"),
        ({"kind": ["store"]}, "/kind", "invalid_choice"),
        ({"name": ""}, "/name", "blank"),
        ({"name": "x" * 201}, "/name", "max_length"),
        ({"priority": -1}, "/priority", "min_value"),
        ({"priority": 2**63}, "/priority", "max_value"),
        ({"daily_capacity": 200}, "/daily_capacity", "unknown_field"),
        ({"hours": {"mon": [["18:00", "09:00"]]}}, "/hours/mon/0", "invalid_hours"),
        ({"hours": {"someday": []}}, "/hours/someday", "invalid_hours"),
        ({"hours": None}, "/hours", "null"),
        ({"hours": []}, "/hours", "invalid_hours"),
        ({"exceptions": {"2026-02-30": []}}, "/exceptions/2026-02-30", "invalid_hours"),
        ({"address": {"line1": "x" * 10_000}}, "/address", "too_long"),
        ({"opens": "09:00"}, "/opens", "unknown_field"),
    ],
)
def test_what_is_wrong_is_pointed_at(
    api: ApiCaller, change: dict[str, Any], pointer: str, code: str
) -> None:
    answer = api.put("locations/S1", SHOP | change)
    assert answer.status_code == 400, answer.content
    found = [(error["pointer"], error["code"]) for error in answer.json()["errors"]]
    assert found == [(pointer, code)]
    assert not Location.objects.exists()
    assert not AuditRecord.objects.exists()


@pytest.mark.parametrize("code", ["%20S1", "S1%20", "a%23b", "S" * 65, ".."])
def test_a_code_must_be_one_that_people_can_use(api: ApiCaller, code: str) -> None:
    assert api.put(f"locations/{code}", SHOP).status_code in (400, 404)
    assert not Location.objects.exists()


def test_an_unknown_location_is_not_found(api: ApiCaller) -> None:
    assert api.get("locations/S9").status_code == 404


def test_the_list_filters_and_pages(api: ApiCaller) -> None:
    for code, kind, pickup in [
        ("S1", "store", True),
        ("S2", "store", False),
        ("W1", "warehouse", True),
    ]:
        LocationFactory(code=code, kind=kind, pickup=pickup)
    assert _codes(api.get("locations", kind="store")) == ["S1", "S2"]
    assert _codes(api.get("locations", capability="pickup")) == ["S1", "W1"]
    first = api.get("locations", limit=2).json()
    rest = api.get(first["next"].removeprefix("http://testserver")).json()
    assert [row["code"] for row in first["results"] + rest["results"]] == ["S1", "S2", "W1"]
    assert rest["next"] is None
    assert api.get("locations", kind="kiosk").status_code == 400
    assert api.get("locations", color="red").status_code == 400


def test_a_client_tied_to_a_location_sees_that_one_alone(api: ApiCaller) -> None:
    LocationFactory(code="S1")
    LocationFactory(code="S2")
    tied = make_caller(["catalogue:read", "catalogue:write", "network:write"], locations=["S1"])
    assert _codes(tied.get("locations")) == ["S1"]
    assert tied.get("locations/S2").status_code == 404
    for code in ("S1", "S2", "NEW"):
        refused = tied.put(f"locations/{code}", SHOP)
        assert (refused.status_code, refused.json()["code"]) == (403, "tied_principal")
    assert tied.put("locations/S1/bins", {"bins": []}).status_code == 200
    assert tied.put("locations/S2/bins", {"bins": []}).status_code == 404


def test_reading_is_no_licence_to_write() -> None:
    reader = make_caller(["catalogue:read"])
    assert reader.put("locations/S1", SHOP).status_code == 403
    assert make_caller(["stock:read"]).get("locations").status_code == 403
    assert not Location.objects.exists()


def _codes(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [row["code"] for row in answer.json()["results"]]
