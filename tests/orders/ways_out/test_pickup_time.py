"""How long a pickup waits: until closing time of an opening day of its shop."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from orders.commands.fulfilment.expire_pickups import expire_due_pickups
from orders.models import Fulfilment
from stores.models import Location
from tests.conftest import ApiCaller, make_caller
from tests.orders.fulfilment_helpers import end_waiting, events, refused, step, stock
from tests.orders.ways_out.ways_out_helpers import ready

pytestmark = pytest.mark.django_db

ROME = ZoneInfo("Europe/Rome")
HOURS = {day: [["09:00", "13:00"], ["15:00", "19:30"]] for day in ("mon", "tue", "wed", "thu")}


def set_hours(hours: Any = HOURS, **exceptions: Any) -> None:
    Location.objects.filter(code="S1").update(
        timezone="Europe/Rome", hours=hours, exceptions=exceptions
    )


def ends(api: ApiCaller, code: str) -> datetime:
    text = api.get(f"fulfilments/{code}").json()["pickup_expires_at"]
    return datetime.fromisoformat(text).astimezone(ROME)


def opening_days(first: datetime, count: int) -> datetime:
    """The closing time of the opening day that is so many after a date, counted here."""
    day = first.astimezone(ROME).date()
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < 4
    return datetime(day.year, day.month, day.day, 19, 30, tzinfo=ROME)


def test_it_waits_seven_opening_days(api: ApiCaller) -> None:
    set_hours()
    assert ends(api, ready(api, ("A1", 1))) == opening_days(timezone.now(), 7)


def test_a_closed_shop_waits_until_it_opens(api: ApiCaller) -> None:
    set_hours({"mon": []})
    code = ready(api, ("A1", 1))
    assert api.get(f"fulfilments/{code}").json()["pickup_expires_at"] is None
    problem = refused(api.post(f"fulfilments/{code}/expire"), 409, "pickup_not_over")
    assert problem["pickup_expires_at"] is None
    refused(api.post(f"fulfilments/{code}/extend", {"days": 1}), 400, "validation_error")
    set_hours()
    step(api, code, "extend", {"days": 2})
    assert ends(api, code) == opening_days(timezone.now(), 2)


def test_days_are_opening_days_of_the_shop(api: ApiCaller) -> None:
    set_hours()
    code = ready(api, ("A1", 1))
    step(api, code, "extend", {"days": 3})
    assert ends(api, code) == opening_days(timezone.now(), 10)
    assert events(code.rpartition("-")[0])[-1] == "fulfilment.extended"


def test_until_ends_with_the_opening_day(api: ApiCaller) -> None:
    set_hours()
    code = ready(api, ("A1", 1))
    later = opening_days(timezone.now(), 12)
    step(api, code, "extend", {"until": (later - timedelta(hours=9)).astimezone(UTC).isoformat()})
    assert ends(api, code) == later
    later = opening_days(timezone.now(), 14)
    step(api, code, "extend", {"until": later.date().isoformat()})
    assert ends(api, code) == later


def test_an_extension_skips_closures(api: ApiCaller) -> None:
    later = opening_days(timezone.now(), 9)
    set_hours(**{later.date().isoformat(): []})
    code = ready(api, ("A1", 1))
    step(api, code, "extend", {"until": later.date().isoformat()})
    assert ends(api, code) == opening_days(timezone.now(), 10)


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        ({}, "", "exactly_one"),
        ({"days": 1, "until": "2090-01-01"}, "", "exactly_one"),
        ({"days": 0}, "/days", "min_value"),
        ({"days": 61}, "/days", "max_value"),
        ({"days": "3"}, "/days", "invalid"),
        ({"until": "tomorrow"}, "/until", "invalid"),
        ({"until": "2026-13-01"}, "/until", "invalid"),
        ({"until": "2026-12-24T10:00:00"}, "/until", "invalid"),
        ({"until": 5}, "/until", "invalid"),
        ({"until": None}, "/until", "null"),
        ({"until": "0001-01-01"}, "/until", "not_later"),
        ({"until": "0001-01-01T00:00:00+14:00"}, "/until", "not_later"),
        ({"until": "2020-01-01T00:00:00Z"}, "/until", "not_later"),
        ({"until": "9999-12-31"}, "/until", "too_late"),
        ({"until": "9999-12-31T23:59:59-14:00"}, "/until", "too_late"),
    ],
)
def test_a_bad_extension_changes_nothing(
    api: ApiCaller, body: Any, pointer: str, code: str
) -> None:
    waiting = ready(api, ("A1", 1))
    before = api.get(f"fulfilments/{waiting}").json()
    problem = refused(api.post(f"fulfilments/{waiting}/extend", body), 400, "validation_error")
    assert [(error["pointer"], error["code"]) for error in problem["errors"]] == [(pointer, code)]
    assert api.get(f"fulfilments/{waiting}").json() == before


def test_ending_it_early_is_no_extension(api: ApiCaller) -> None:
    set_hours()
    code = ready(api, ("A1", 1))
    body = {"until": (timezone.now() + timedelta(days=1)).isoformat()}
    problem = refused(api.post(f"fulfilments/{code}/extend", body), 400, "validation_error")
    assert problem["errors"][0]["code"] == "not_later"


def test_another_shop_does_not_extend_it(api: ApiCaller) -> None:
    code = ready(api, ("A1", 1))
    elsewhere = make_caller(["fulfilment:write"], locations=["S2"])
    refused(elsewhere.post(f"fulfilments/{code}/extend", {"days": 1}), 404, "not_found")


def test_an_extended_pickup_is_not_swept(api: ApiCaller) -> None:
    code = ready(api, ("A1", 1))
    end_waiting(code)
    step(api, code, "extend", {"days": 1})
    assert expire_due_pickups() == 0
    assert ends(api, code) > timezone.now()


def test_a_time_that_ends_inside_a_closure_goes_on_after_it(api: ApiCaller) -> None:
    code = ready(api, ("A1", 1))
    end_waiting(code)
    today = timezone.now().astimezone(ROME).date()
    closed = {(today + timedelta(days=number)).isoformat(): [] for number in range(-21, 20)}
    set_hours({**HOURS, "fri": [["09:00", "19:30"]]}, **closed)
    refused(api.post(f"fulfilments/{code}/expire"), 409, "pickup_not_over")
    assert expire_due_pickups() == 0
    assert (ends(api, code).date() - today).days >= 20
    assert (stock("A1", "S1"), events(code.rpartition("-")[0])[-1]) == (
        (5, 1, 0), "fulfilment.extended",
    )  # fmt: skip
    assert expire_due_pickups() == 0
    assert events(code.rpartition("-")[0]).count("fulfilment.extended") == 1


def test_a_time_that_is_over_in_the_middle_of_the_day_ends_in_the_evening(api: ApiCaller) -> None:
    set_hours({})  # around the clock: the day ends at midnight
    code = ready(api, ("A1", 1))
    Fulfilment.objects.filter(code=code).update(
        pickup_expires_at=timezone.now() - timedelta(minutes=1)
    )
    assert expire_due_pickups() == 0
    assert ends(api, code) > timezone.now() or ends(api, code).hour == 0
