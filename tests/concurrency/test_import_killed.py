"""A worker that is killed in the middle of a file: the next one goes on, nothing is done twice."""

from __future__ import annotations

import os
import signal
from collections import Counter
from dataclasses import replace

import pytest

from core.imports.kinds import Chunk, Progress
from core.imports.models import Import
from core.imports.running import run
from core.outbox.models import Event
from inventory.models import Sku, Stock, StockMovement
from omniretail.files.kinds import KINDS
from tests.concurrency.process_pool import service_processes
from tests.conftest import make_caller
from tests.factories import LocationFactory, SkuFactory
from tests.inventory.laws import assert_pool_laws
from tests.omniretail.files.import_helpers import apply_files, send

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.race]
ROWS = 1_000


def test_the_next_worker_goes_on_where_one_was_killed() -> None:
    api = make_caller(["*"])
    LocationFactory(code="S1")
    Sku.objects.bulk_create(SkuFactory.build(code=f"A{n}") for n in range(ROWS))
    rows = "".join(f"A{n},S1,{n % 7 + 1}\n" for n in range(ROWS))
    sent = send(api, "stock", f"sku,location,on_hand\n{rows}").json()
    worker = service_processes().Process(target=die_in_the_third_chunk, args=(int(sent["id"]),))
    worker.start()
    worker.join(timeout=120)
    assert worker.exitcode == -signal.SIGKILL
    left = api.get(f"imports/{sent['id']}").json()
    assert left["state"] == "running"
    assert 0 < left["rows_done"] < ROWS
    # What was committed is whole; what was not has left no trace.
    assert StockMovement.objects.count() == left["rows_changed"] == left["rows_done"]
    assert_pool_laws()
    apply_files()
    whole = api.get(f"imports/{sent['id']}").json()
    assert (whole["state"], whole["rows_done"], whole["rows_changed"]) == ("done", ROWS, ROWS)
    moves = Counter(StockMovement.objects.values_list("sku_id", flat=True))
    assert (len(moves), set(moves.values())) == (ROWS, {1})
    assert sum(Stock.objects.values_list("on_hand", flat=True)) == sum(
        n % 7 + 1 for n in range(ROWS)
    )
    told = Event.objects.filter(type="stock.imported").values_list("data", flat=True)
    assert sum(len(data["sku"]) for data in told) == ROWS
    assert_pool_laws()
    assert api.get("integrity").json()["ok"]


def die_in_the_third_chunk(identity: int) -> None:
    """Apply an import in small chunks; be killed after one has written, before it commits."""
    kind = KINDS[Import.objects.get(pk=identity).kind]
    chunks = []

    def apply(chunk: Chunk) -> Progress:
        progress = kind.apply(chunk)
        chunks.append(chunk)
        if len(chunks) == 3:
            os.kill(os.getpid(), signal.SIGKILL)
        return progress

    run(identity, replace(kind, apply=apply, blocks=1))
