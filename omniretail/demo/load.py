"""Loading the demo, chapter by chapter. A killed load goes on where it stopped."""

from __future__ import annotations

import time
from collections.abc import Callable

from django.db import connection, transaction

from inventory.models import Sku
from omniretail.access.principal import SYSTEM
from omniretail.audit.models import AuditRecord
from omniretail.audit.record import record
from omniretail.demo import buildings, floor, giving_back, goods_in, moves, people, selling
from stores.models import Location

LOADED = "demo.chapter_loaded"
ONE_AT_A_TIME = 7_215_331  # an advisory lock, so that two loads do not tell one story twice

Chapter = tuple[str, str, Callable[[], None]]
CHAPTERS: tuple[Chapter, ...] = (
    ("staff", "Staff", people.hire),
    ("buildings", "Ten shops and two warehouses", buildings.open_buildings),
    ("channels", "Channels", buildings.open_channels),
    ("catalogue", "Catalogue", buildings.fill_catalogue),
    ("shelves", "Shelves", buildings.lay_out_shelves),
    ("goods-in", "Goods in", goods_in.receive_deliveries),
    ("kept-back", "Safety stock and ring fences", goods_in.keep_back),
    ("orders", "Orders", selling.place),
    ("cancellations", "Cancellations", selling.cancel_some),
    ("refusals", "Refusals", floor.refuse_some),
    ("picking", "Picking, packing, shipping, handing over", floor.pick_and_hand_out),
    ("transfers", "Transfers", moves.drive_between),
    ("counts", "Counts and damage", moves.look_around),
    ("returns", "Returns", giving_back.bring_back),
    ("carts", "Carts", selling.fill_carts),
)


class NotEmpty(Exception):
    """The service has data of its own: the demo would mix with it."""


def load(tell: Callable[[str], None]) -> bool:
    """Load what is not loaded yet; return whether anything was. `tell` hears of each chapter.

    Each chapter and the record that it is done are one transaction. Raises `NotEmpty`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [ONE_AT_A_TIME])
        try:
            done = set(AuditRecord.objects.filter(action=LOADED).values_list("subject", flat=True))
            if not done and (Location.objects.exists() or Sku.objects.exists()):
                raise NotEmpty
            missing = [chapter for chapter in CHAPTERS if _subject(chapter) not in done]
            for chapter in missing:
                _load_one(chapter, tell)
            return bool(missing)
        finally:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [ONE_AT_A_TIME])


def _subject(chapter: Chapter) -> str:
    return f"demo/{chapter[0]}"


def _load_one(chapter: Chapter, tell: Callable[[str], None]) -> None:
    _, title, write = chapter
    began = time.monotonic()
    with transaction.atomic():
        write()
        record(actor=SYSTEM, action=LOADED, subject=_subject(chapter))
    tell(f"  {title}: {time.monotonic() - began:.1f} s")
