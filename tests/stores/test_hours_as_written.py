"""Hours as people write them: what is wrong is pointed at."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.hours import DAYS, OpeningHours, is_timezone, validate_hours
from tests.stores.test_hours import SHOP, WEEK, london


@pytest.mark.parametrize(
    ("hours", "pointer", "word"),
    [
        ({"monday": []}, "/hours/monday", "Unknown day"),
        ({"a/b~c": []}, "/hours/a~1b~0c", "Unknown day"),
        ({"mon": "09:00-18:00"}, "/hours/mon", "list"),
        ({"mon": [["09:00"]]}, "/hours/mon/0", "opening and closing"),
        ({"mon": [["09:00", 18]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["9:00", "18:00"]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["09:00", "24:30"]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["09:60", "18:00"]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["\u0660\u0669:00", "18:00"]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["09:00\n", "18:00"]]}, "/hours/mon/0", "Not a time"),
        ({"mon": [["24:00", "24:00"]]}, "/hours/mon/0", "only be a closing"),
        ({"mon": [["09:00", "09:00"]]}, "/hours/mon/0", "same time"),
        ({"mon": [["22:00", "02:00"]]}, "/hours/mon/0", "Split"),
        ({"mon": [["22:00", "00:00"]]}, "/hours/mon/0", '"24:00"'),
        ({"mon": [["09:00", "13:00"], ["12:59", "18:00"]]}, "/hours/mon/1", "Overlaps"),
        ({"mon": [["12:00", "18:00"], ["09:00", "13:00"]]}, "/hours/mon/0", "Overlaps"),
        ({"mon": [["09:00", "10:00"]] * 13}, "/hours/mon", "At most"),
        ([], "/hours", "object"),
        (None, "/hours", "object"),
    ],
)
def test_bad_hours_are_pointed_at(hours: object, pointer: str, word: str) -> None:
    ((where, detail),) = validate_hours(hours, {})
    assert where == pointer
    assert word in detail


@pytest.mark.parametrize(
    ("exceptions", "pointer"),
    [
        ({"25.12.2026": []}, "/exceptions/25.12.2026"),
        ({"2026-02-30": []}, "/exceptions/2026-02-30"),
        ({"20261225": []}, "/exceptions/20261225"),
        ({"2026-12-25": None}, "/exceptions/2026-12-25"),
        ({"2026-12-25": [["10:00", "09:00"]]}, "/exceptions/2026-12-25/0"),
        ("never", "/exceptions"),
        ({f"x{n}": [] for n in range(1001)}, "/exceptions"),
    ],
)
def test_bad_exceptions_are_pointed_at(exceptions: object, pointer: str) -> None:
    assert [where for where, _ in validate_hours({}, exceptions)] == [pointer]


def test_good_hours_have_no_problems() -> None:
    hours = WEEK | {"sun": [["12:00", "24:00"], ["00:00", "02:30"], ["09:00", "12:00"]]}
    assert validate_hours(hours, dict(SHOP.exceptions)) == []
    assert validate_hours({}, {}) == []


def test_every_problem_is_reported_at_once() -> None:
    found = validate_hours({"mon": [["9", "10"]], "xxx": []}, {"2026-13-01": []})
    assert [pointer for pointer, _ in found] == [
        "/hours/mon/0",
        "/hours/xxx",
        "/exceptions/2026-13-01",
    ]


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("Europe/London", True),
        ("UTC", True),
        ("", False),
        ("Europe", False),
        ("../etc/passwd", False),
        ("Mars/Olympus", False),
        ("Europe/London\0", False),
    ],
)
def test_time_zones_are_iana_names(name: str, known: bool) -> None:
    assert is_timezone(name) is known


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(max_size=8)
    | st.sampled_from(["09:00", "24:00"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*DAYS, "2026-12-25"]) | st.text(max_size=5), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(json_values, json_values)
def test_any_json_is_answered_and_what_passes_can_be_used(
    hours: object, exceptions: object
) -> None:
    if not validate_hours(hours, exceptions):
        assert isinstance(hours, dict)
        assert isinstance(exceptions, dict)
        OpeningHours("Europe/London", hours, exceptions).next_opening(london("2026-06-01 12:00"))
