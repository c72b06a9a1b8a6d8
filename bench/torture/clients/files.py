"""Stock files: absolute figures of hundreds of rows, applied while tills sell the same goods."""

from __future__ import annotations

from torture.books import StockFile
from torture.clients.base import Kind
from torture.world import COUNTED, FILED, FILED_AT


class Files(Kind):
    def turn(self) -> None:
        page = self.client.look("imports", state="queued,running")
        if page is None or page["results"]:
            return  # one at a time: the books then know which figures were to be applied
        figures = {(sku, FILED_AT): 40 + self.units(40) for sku in FILED}
        # Rows with unavailable units cannot be settled by one statement with the others.
        figures |= {(sku, FILED_AT): 60 + self.units(60) for sku in COUNTED}
        text = "sku,location,on_hand\n" + "".join(
            f"{sku},{place},{units}\n" for (sku, place), units in figures.items()
        )
        act = self.client.upload("stock file", "imports", {"kind": "stock"}, "stock.csv", text)
        if act.is_done:
            file = StockFile(act.answer["id"], figures)
            self.books.files[file.identity] = file
