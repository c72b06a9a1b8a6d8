"""An old partition of the ledger goes to a file, and every balance, law and condition stays."""

from __future__ import annotations

import csv
import gzip
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client

from core.access.principal import SYSTEM
from inventory.models import StockMovement
from inventory.tasks import PARTITION_SIZE
from orders.commands.reconcile import reconcile
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, LocationFactory, SkuFactory, UserFactory, stock_up
from tests.inventory.laws import assert_pool_laws
from tests.inventory.stock_helpers import balances, hold, problem
from tests.inventory.test_integrity import unguarded
from tests.inventory.transfers.transfer_helpers import dispatched, receive
from tests.orders.fulfilment_helpers import place, step, units

pytestmark = pytest.mark.django_db

ROWS = (("A1", "W1"), ("A2", "W1"), ("A1", "S1"))
OLD = timedelta(days=500)


@pytest.fixture
def past(api: ApiCaller) -> datetime:
    """A year and a half ago all kinds of acts filled a partition; return a moment among them."""
    ChannelFactory(code="web")
    here = LocationFactory(code="W1")
    LocationFactory(code="S1")
    for code in ("A1", "A2"):
        stock_up(SkuFactory(code=code), here, 50)
    for number in range(3):
        cart = hold(api, ("A1", 2), ("A2", 1))
        assert api.post(f"reservations/{cart}/release").status_code == 200
        code = place(api, ("A1", 2))["fulfilments"][0]["id"]
        step(api, code, "pick", units(("1", 2)))
        step(api, code, "pack")
        step(api, code, "ship", {"carrier": "dhl", "tracking_number": f"T{number}"})
    place(api, ("A2", 3))
    transfer = dispatched(api, ("A1", 5))
    assert receive(api, transfer, ("A1", 5)).status_code == 200
    adjust(api, on_hand=-1, reason="lost")
    adjust(api, unavailable=4, reason="damaged")
    adjust(api, on_hand=3, reason="correction")
    adjust(api, on_hand=-2, reason="correction")
    unguarded(
        f"UPDATE inventory_stockmovement SET recorded_at = recorded_at - interval '{OLD.days} days'"
    )
    begin_partition(1)
    adjust(api, on_hand=7, reason="correction")
    first = StockMovement.objects.filter(sku__code="A1", reason="reserved").order_by("id")[1]
    return first.recorded_at


def adjust(api: ApiCaller, *, reason: str, on_hand: int = 0, unavailable: int = 0) -> None:
    deltas = {"on_hand_delta": on_hand, "unavailable_delta": unavailable}
    lines = [{"sku": "A1", "location": "W1"} | deltas]
    answer = api.post("stock/adjustments", {"reason": reason, "lines": lines})
    assert answer.status_code == 201, answer.content


def begin_partition(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        first = number * PARTITION_SIZE + 1
        cursor.execute(f"ALTER SEQUENCE inventory_stockmovement_id_seq RESTART WITH {first}")


def archive(folder: Path, **more: Any) -> str:
    said = io.StringIO()
    call_command("archive_ledger", folder=folder, stdout=said, **more)
    return said.getvalue()


def shown(api: ApiCaller) -> list[Any]:
    return [
        api.get("stock").json()["results"],
        api.get("stock/unavailable").json()["results"],
        [balances(*row) for row in ROWS],
    ]


def test_all_of_it_is_in_the_file_and_what_is_read_stays(
    api: ApiCaller, past: datetime, tmp_path: Path
) -> None:
    before = {str(row.pk): row for row in StockMovement.objects.filter(pk__lt=PARTITION_SIZE)}
    saw = shown(api)
    said = archive(tmp_path)

    (file,) = tmp_path.iterdir()
    with gzip.open(file, "rt", newline="") as text:
        written = {row["id"]: row for row in csv.DictReader(text)}
    assert written.keys() == before.keys()
    for key, row in written.items():
        was = before[key]
        assert row["reason"] == was.reason
        assert [row[name] for name in ("on_hand_delta", "reserved_after", "reference")] == [
            str(was.on_hand_delta), str(was.reserved_after), was.reference,
        ]  # fmt: skip
    left = StockMovement.objects.filter(pk__lt=PARTITION_SIZE)
    assert 0 < left.count() < len(before) / 2
    assert f"{file}: {len(before)} movements" in said
    assert f"{left.count()} stay in the ledger" in said
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM inventory_stockmovement_archived_0")
        assert cursor.fetchone()[0] == len(before), "nothing is deleted"
    assert set(left.values_list("reason", flat=True)) == {
        "receipt", "carried_forward", "transfer_out", "transfer_in", "damaged", "lost",
    }  # fmt: skip

    assert shown(api) == saw
    assert_pool_laws()
    assert api.get("integrity").json()["ok"]
    run = reconcile(actor=SYSTEM)
    assert run is not None
    assert run.violation_count == 0
    assert "No full partition" in archive(tmp_path)


def test_the_pool_goes_on(api: ApiCaller, past: datetime, tmp_path: Path) -> None:
    before, reserved = balances("A1", "W1"), balances("A2", "W1")[1]
    archive(tmp_path)
    place(api, ("A2", 2))
    adjust(api, unavailable=-4, reason="restocked")
    assert balances("A1", "W1") == (before[0], before[1], before[2] - 4)
    assert balances("A2", "W1")[1] == reserved + 2
    assert_pool_laws()
    for change in ("UPDATE {} SET reference = 'x'", "DELETE FROM {}", "TRUNCATE {}"):
        for table in ("inventory_stockmovement", "inventory_stockmovement_p0"):
            if change.startswith("TRUNCATE") and table == "inventory_stockmovement":
                continue  # the tests take its guard down
            with (
                pytest.raises(DatabaseError, match=r"ledger|Cannot"),
                transaction.atomic(),
            ):
                connection.cursor().execute(change.format(table))


def test_a_moment_among_what_is_archived_is_not_answered_wrongly(
    api: ApiCaller, past: datetime, tmp_path: Path
) -> None:
    asked = {"sku": "A1", "location": "W1"}
    moments = {row.recorded_at for row in StockMovement.objects.filter(sku__code="A1")}
    truth = {at: api.get("stock/as-of", **asked, at=at.isoformat()).json() for at in moments}
    archive(tmp_path)
    problems = 0
    for at in moments:
        answer = api.get("stock/as-of", **asked, at=at.isoformat())
        if answer.status_code == 404:
            problems += 1
            assert "are archived" in problem(answer, 404, "not_found")["detail"]
        else:
            for name in ("on_hand", "reserved", "unavailable", "available"):
                assert answer.json()[name] == truth[at][name], at
    assert 0 < problems < len(moments)
    assert api.get("stock/as-of", **asked, at=past.isoformat()).status_code == 404
    staff = Client()
    staff.force_login(UserFactory(superuser=True))
    page = staff.get("/admin/stock/as-of", asked | {"at": past.isoformat()})
    assert page.status_code == 200
    assert "are archived." in page.content.decode()
    now = datetime.now(past.tzinfo).isoformat()
    assert api.get("stock/as-of", **asked, at=now).json()["on_hand"] == balances("A1", "W1")[0]


def test_what_is_young_or_not_full_stays(api: ApiCaller, past: datetime, tmp_path: Path) -> None:
    assert "No full partition" in archive(tmp_path, older_than_days=600)
    with pytest.raises(CommandError, match="last 90 days"):
        archive(tmp_path, older_than_days=30)
    with pytest.raises(CommandError, match="is not a folder"):
        archive(tmp_path / "nowhere")
    (tmp_path / "inventory_stockmovement_p0.csv.gz").touch()
    with pytest.raises(CommandError, match="is there already"):
        archive(tmp_path)
    assert not StockMovement.objects.filter(reason="carried_forward").exists()
