"""Loading the demo, chapter by chapter. A killed load continues where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import NamedTuple

from django.db import connection, transaction

from core.access.principal import SYSTEM
from core.audit.models import AuditRecord
from core.audit.record import record
from core.idempotency.execute import retry_conflicts
from inventory.models import Sku
from omniretail.demo import (
    buildings,
    counting,
    expected,
    files,
    floor,
    giving_back,
    goods_in,
    keep_rules,
    moves,
    people,
    selling,
)
from stores.models import Location

LOADED = "demo.chapter_loaded"
ONE_AT_A_TIME = 7_215_331  # an advisory lock, so that two loads do not run at once


class Chapter(NamedTuple):
    """A part of the demo. `name` identifies the record that it is loaded."""

    name: str
    title: str
    write: Callable[[], None]


CHAPTERS = (
    Chapter("staff", "Staff", people.hire),
    Chapter("buildings", "Ten shops and two warehouses", buildings.open_buildings),
    Chapter("channels", "Channels", buildings.open_channels),
    Chapter("catalogue", "Catalogue", buildings.fill_catalogue),
    Chapter("shelves", "Shelves", buildings.lay_out_shelves),
    Chapter("goods-in", "Goods in", goods_in.receive_deliveries),
    Chapter("kept-back", "Safety stock and ring fences", goods_in.keep_back),
    Chapter("orders", "Orders", selling.place),
    Chapter("cancellations", "Cancellations", selling.cancel_some),
    Chapter("refusals", "Refusals", floor.refuse_some),
    Chapter("picking", "Picking, packing, shipping, handing over", floor.pick_and_hand_out),
    Chapter("transfers", "Transfers", moves.drive_between),
    Chapter("counts", "Counts and damage", moves.look_around),
    Chapter("returns", "Returns", giving_back.bring_back),
    Chapter("carts", "Carts", selling.fill_carts),
    Chapter("files", "Files", files.send_files),
    Chapter("keep-rules", "Keep rules", keep_rules.keep_by_rule),
    Chapter("deliveries", "Expected deliveries", expected.await_deliveries),
    Chapter("discrepancies", "A van with surprises", moves.quarrel_over_a_van),
    Chapter("set-apart", "Units set apart", counting.set_apart),
    Chapter("snapshot", "Figures of the ERP", counting.compare_with_the_erp),
    Chapter("shelf-counts", "Counts under way", counting.count_shelves),
)


class NotEmpty(Exception):
    """The database already has data, with which the demo would mix."""


def load(report: Callable[[str], None], chapters: Sequence[Chapter] = CHAPTERS) -> bool:
    """Load what is not loaded yet; return whether anything was. `report` is called per chapter.

    Each chapter and the record that it is done are one transaction. Raises `NotEmpty`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            done = set(AuditRecord.objects.filter(action=LOADED).values_list("subject", flat=True))
            if not done and (Location.objects.exists() or Sku.objects.exists()):
                raise NotEmpty
            missing = [chapter for chapter in chapters if _subject(chapter) not in done]
            for chapter in missing:
                _load_one(chapter, report)
            return bool(missing)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _subject(chapter: Chapter) -> str:
    return f"demo/{chapter.name}"


def _load_one(chapter: Chapter, report: Callable[[str], None]) -> None:
    began = time.monotonic()

    @transaction.atomic
    def write() -> None:
        chapter.write()
        record(actor=SYSTEM, action=LOADED, subject=_subject(chapter))

    # A chapter locks order after order, as no request does, so it may deadlock with a sweep of
    # a running worker.
    retry_conflicts(write)
    report(f"  {chapter.title}: {time.monotonic() - began:.1f} s")
