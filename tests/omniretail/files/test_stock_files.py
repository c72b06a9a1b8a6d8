"""Files of stock: absolute figures by the row, applied to the pool by its laws."""

from __future__ import annotations

import pytest
from django.utils import timezone

from core.outbox.models import Event
from inventory.models import StockMovement
from tests.conftest import ApiCaller, make_caller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, order
from tests.omniretail.files.import_helpers import bring_in, counts, download, row_errors

pytestmark = pytest.mark.django_db
HEADER = "sku,location,on_hand"


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    for code in ("S1", "S2"):
        LocationFactory(code=code, store=True)
    for code in ("A1", "A2", "A3"):
        SkuFactory(code=code)


def test_figures_become_stock_with_a_ledger(api: ApiCaller) -> None:
    done = bring_in(api, "stock", HEADER, "A1,S1,7", "A2,S1,0", "A1,S2,3")
    assert counts(done) == ("done", 3, 3, 2, 0)
    assert [balances(*pair) for pair in (("A1", "S1"), ("A2", "S1"), ("A1", "S2"))] == [
        (7, 0, 0),
        (0, 0, 0),
        (3, 0, 0),
    ]
    moves = StockMovement.objects.order_by("sku__code", "location__code")
    assert [(m.on_hand_delta, m.reason, m.reference) for m in moves] == [
        (7, "cycle_count", f"imports/{done['id']}"),
        (3, "cycle_count", f"imports/{done['id']}"),
    ]
    assert_pool_laws()
    assert api.get("integrity").json()["ok"]


def test_the_same_file_twice_changes_nothing(api: ApiCaller) -> None:
    rows = (HEADER, "A1,S1,7", "A2,S1,4")
    bring_in(api, "stock", *rows)
    moves, events = StockMovement.objects.count(), Event.objects.count()
    assert counts(bring_in(api, "stock", *rows)) == ("done", 2, 2, 0, 0)
    assert (StockMovement.objects.count(), Event.objects.count()) == (moves, events)


def test_every_bad_row_is_named_with_all_that_is_wrong(api: ApiCaller) -> None:
    done = bring_in(
        api,
        "stock",
        HEADER,
        "A1,S1,7",
        "NONE,S9,-1",
        "A2,S1,1e3",
        "A2,S2,2000000001",
        "A1,S1,8",
        "A3,S1,99999999999999999999",
        " A3 , S2 , 4 ",
    )
    assert counts(done) == ("done", 7, 7, 2, 5)
    assert row_errors(api, done) == [
        (3, "location", "unknown_location"),
        (3, "on_hand", "invalid_number"),
        (3, "sku", "unknown_sku"),
        (4, "on_hand", "invalid_number"),
        (5, "on_hand", "invalid_number"),
        (6, "sku", "duplicate_row"),
        (7, "on_hand", "invalid_number"),
    ]
    assert balances("A1", "S1") == (7, 0, 0)
    assert balances("A3", "S2") == (4, 0, 0)
    assert_pool_laws()


def test_quotes_and_line_breaks_keep_the_line_numbers(api: ApiCaller) -> None:
    done = bring_in(api, "stock", HEADER, '"A1","S1",7', '"A\n2",S1,1', "A3,S1", '"A3",S2,9', "")
    assert counts(done) == ("done", 4, 4, 2, 2)
    assert row_errors(api, done) == [(3, "sku", "unknown_sku"), (5, None, "misshapen_row")]
    assert balances("A3", "S2") == (9, 0, 0)


def test_bad_rows_can_be_downloaded_and_open_harmlessly(api: ApiCaller) -> None:
    done = bring_in(api, "stock", HEADER, "=cmd|' /C calc'!A0,S1,1", '"+A1\n",S1,2', "A1,S1,-3")
    lines = download(api, done["errors_url"])
    assert lines == (
        "line,column,code,reason,row.sku,row.location,row.on_hand\r\n"
        "2,sku,unknown_sku,There is no SKU =cmd|' /C calc'!A0.,'=cmd|' /C calc'!A0,S1,1\r\n"
        '3,sku,unknown_sku,"There is no SKU +A1\n.","\'+A1\n",S1,2\r\n'
        '5,on_hand,invalid_number,"Write whole units, from 0 to 2000000000: '
        "goods are kept in pieces.\",A1,S1,'-3\r\n"
    )


def test_late_figures_are_brought_up_to_date(api: ApiCaller) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,10", "A2,S1,10", "A3,S1,10")
    seen = timezone.now().isoformat()
    lines = [{"sku": sku, "location": "S1", "on_hand_delta": -3} for sku in ("A1", "A2")]
    api.post("stock/adjustments", {"reason": "lost", "lines": lines})
    api.post(
        "stock/counts/apply",
        {"reason": "cycle_count", "lines": [{"sku": "A2", "location": "S1", "on_hand": 1}]},
    )
    done = bring_in(api, "stock", HEADER, "A1,S1,12", "A2,S1,12", "A3,S1,10", as_of=seen)
    # What was lost since stays lost; a later count stands; what agrees is left alone.
    assert counts(done) == ("done", 3, 3, 1, 0)
    assert [balances(sku, "S1")[0] for sku in ("A1", "A2", "A3")] == [9, 1, 10]
    assert_pool_laws()


def test_a_figure_that_agrees_stands_against_an_older_one(api: ApiCaller) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,10")
    older = timezone.now().isoformat()
    newer = timezone.now().isoformat()
    bring_in(api, "stock", HEADER, "A1,S1,10", as_of=newer)
    late = bring_in(api, "stock", HEADER, "A1,S1,12", as_of=older)
    assert counts(late) == ("done", 1, 1, 0, 0)
    assert balances("A1", "S1")[0] == 10


def test_counts_say_when_each_row_was_counted(api: ApiCaller) -> None:
    stock_up(SkuFactory(code="B1"), LocationFactory(code="S3"), 5)
    done = bring_in(
        api,
        "counts",
        "sku,location,on_hand,counted_at",
        "A1,S1,7,2026-01-05T14:00:00Z",
        "A2,S1,7,yesterday",
        "A3,S1,7,2999-01-05T14:00:00Z",
        "B1,S3,4,2026-02-31T14:00:00Z",
        "A2,S2,3,",
    )
    assert counts(done) == ("done", 5, 5, 2, 3)
    assert row_errors(api, done) == [
        (3, "counted_at", "invalid_moment"),
        (4, "counted_at", "not_in_the_past"),
        (5, "counted_at", "invalid_moment"),
    ]
    move = StockMovement.objects.get(sku__code="A1")
    assert move.occurred_at.isoformat() == "2026-01-05T14:00:00+00:00"


@pytest.mark.parametrize(
    ("kind", "column", "form"),
    [
        ("stock", "as_of", {}),
        ("counts", "counted_at", {}),
        ("counts", "counted_at", {"dry_run": "true"}),
        ("stock", "as_of", {"as_of": "2001-01-01T00:00:00Z"}),
    ],
)
def test_a_figure_from_before_the_first_record_is_a_bad_row(
    api: ApiCaller, kind: str, column: str, form: dict[str, str]
) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,10", "A2,S1,10")
    early = "" if "as_of" in form else "2001-01-01T00:00:00Z"
    rows = (f"A1,S1,7,{early}", f"A2,S1,8,{timezone.now().isoformat()}", f"A3,S1,9,{early}")
    done = bring_in(api, kind, f"{HEADER},{column}", *rows, **form)
    assert counts(done) == ("done", 3, 3, 2, 1)
    assert row_errors(api, done) == [(2, column, "counted_too_early")]
    if "dry_run" not in form:
        assert [balances(sku, "S1")[0] for sku in ("A1", "A2", "A3")] == [10, 8, 9]


def test_reservations_break_and_backorders_fill(api: ApiCaller) -> None:
    ChannelFactory(code="web")
    bring_in(api, "stock", HEADER, "A1,S1,5", "A2,S1,1", "A3,S1,4")
    kept = order(api, "kept", 3)
    broken = order(api, "broken", 2, allow_backorder=True)
    waiting = order(api, "waiting", 6, sku="A2", allow_backorder=True)
    done = bring_in(api, "stock", HEADER, "A1,S1,3", "A2,S1,9", "A3,S1,4", "A1,S2,0")
    assert counts(done) == ("done", 4, 4, 2, 0)
    lines = {number: api.get(f"orders/{number}").json()["lines"][0] for number in (kept, broken)}
    assert [(lines[n]["reserved"], lines[n]["backordered"]) for n in (kept, broken)] == [
        (3, 0),
        (0, 2),
    ]
    filled = api.get(f"orders/{waiting}").json()["lines"][0]
    assert (filled["reserved"], filled["backordered"]) == (6, 0)
    assert balances("A1", "S1") == (3, 3, 0)
    assert balances("A2", "S1") == (9, 6, 0)
    told = set(Event.objects.values_list("type", flat=True))
    assert {"reservation.broken", "order.line_backordered", "stock.imported"} <= told
    assert_pool_laws()
    assert api.get("integrity").json()["ok"]


def test_a_broken_reservation_is_sourced_where_the_same_file_brings_goods(api: ApiCaller) -> None:
    ChannelFactory(code="web")
    bring_in(api, "stock", HEADER, "A1,S1,5")
    number = order(api, "moved", 5)
    bring_in(api, "stock", HEADER, "A1,S1,0", "A1,S2,5")
    (line,) = api.get(f"orders/{number}").json()["lines"]
    assert (line["reserved"], line["backordered"], line["cancelled"]) == (5, 0, 0)
    assert (balances("A1", "S1"), balances("A1", "S2")) == ((0, 0, 0), (5, 5, 0))
    assert_pool_laws()


def test_units_that_a_picker_missed_are_settled(api: ApiCaller) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,5")
    line = {"sku": "A1", "location": "S1", "unavailable_delta": 2}
    api.post("stock/adjustments", {"reason": "missing", "lines": [line]})
    assert balances("A1", "S1") == (5, 0, 2)
    bring_in(api, "stock", HEADER, "A1,S1,5")
    assert balances("A1", "S1") == (5, 0, 0)
    assert_pool_laws()


def test_a_file_and_a_count_by_people_with_one_number_are_two_subjects(api: ApiCaller) -> None:
    """Events about one subject are in its order: these two have nothing to do with each other."""
    bring_in(api, "stock", HEADER, "A1,S1,5")
    line = {"sku": "A1", "location": "S1", "unavailable_delta": 2}
    api.post("stock/adjustments", {"reason": "missing", "lines": [line]})
    done = bring_in(api, "stock", HEADER, "A1,S1,4")
    told = Event.objects.get(type="count.applied")
    assert (told.subject, told.data["id"]) == (f"imports/{done['id']}", done["id"])


def test_one_event_tells_of_many_rows_of_a_location(api: ApiCaller) -> None:
    done = bring_in(api, "stock", HEADER, "A1,S1,7", "A2,S1,4", "A1,S2,3")
    told = api.get("events").json()["results"]
    assert [(event["type"], event["subject"]) for event in told] == [
        ("stock.imported", f"imports/{done['id']}")
    ] * 2
    first = next(event["data"] for event in told if event["data"]["location"] == "S1")
    assert first["import"] == done["id"]
    assert first.keys() == {
        "import", "location", "sku", "on_hand", "reserved", "unavailable", "safety_stock",
        "version",
    }  # fmt: skip
    columns = ("sku", "on_hand", "reserved", "unavailable", "safety_stock", "version")
    assert sorted(zip(*(first[name] for name in columns), strict=True)) == [
        ("A1", 7, 0, 0, 0, 1),
        ("A2", 4, 0, 0, 0, 1),
    ]
    tied = make_caller(["orders:read"], locations=["S2"])
    assert [event["data"]["location"] for event in tied.get("events").json()["results"]] == ["S2"]


def test_a_dry_run_lists_what_would_change_and_changes_nothing(api: ApiCaller) -> None:
    bring_in(api, "stock", HEADER, "A1,S1,7", "A2,S1,4")
    moves, events = StockMovement.objects.count(), Event.objects.count()
    done = bring_in(
        api, "stock", HEADER, "A1,S1,9", "A2,S1,4", "A3,S2,1", "NONE,S1,1", dry_run="true"
    )
    assert counts(done) == ("done", 4, 4, 2, 1)
    assert (StockMovement.objects.count(), Event.objects.count()) == (moves, events)
    assert balances("A1", "S1") == (7, 0, 0)
    assert download(api, done["changes_url"]) == (
        "line,subject,before,after\r\n"
        '2,stock/A1@S1,"{""on_hand"": 7}","{""on_hand"": 9}"\r\n'
        '4,stock/A3@S2,"{""on_hand"": 0}","{""on_hand"": 1}"\r\n'
    )
    assert row_errors(api, done) == [(5, "sku", "unknown_sku")]


def test_a_tied_client_counts_at_its_own_locations_only(api: ApiCaller) -> None:
    tied = make_caller(["stock:write"], locations=["S1"])
    done = bring_in(tied, "stock", HEADER, "A1,S1,7", "A1,S2,7")
    assert counts(done) == ("done", 2, 2, 1, 1)
    assert row_errors(tied, done) == [(3, "location", "unknown_location")]
    others = bring_in(api, "stock", HEADER, "A1,S2,1")
    assert tied.get(f"imports/{others['id']}").status_code == 404
    assert [each["id"] for each in tied.get("imports").json()["results"]] == [done["id"]]
