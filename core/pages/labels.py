"""Labels to print: sheets of A4, a QR code that a scanner reads beside words that people read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import segno
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

MOST = 1_000  # labels of one call; each QR code takes its time


@dataclass(frozen=True, slots=True)
class Label:
    """What stands on one label: `code` large, `lines` small, `payload` in the QR code."""

    code: str
    lines: Sequence[str]
    payload: str


@dataclass(frozen=True, slots=True)
class Size:
    """A sheet of labels as they are sold: millimetres, and how many a sheet has."""

    name: str
    columns: int
    rows: int
    width: float
    height: float

    @property
    def qr(self) -> float:
        return min(self.height - 5, self.width * 0.42)


SIZES = {
    "small": Size("40 a sheet, 45.7 x 25.4 mm", 4, 10, 45.7, 25.4),
    "medium": Size("21 a sheet, 63.5 x 38.1 mm", 3, 7, 63.5, 38.1),
    "large": Size("8 a sheet, 99.1 x 67.7 mm", 2, 4, 99.1, 67.7),
}
DEFAULT = "medium"


def print_labels(
    request: HttpRequest, labels: Sequence[Label], *, size: str, title: str, **more: Any
) -> HttpResponse:
    """Answer with a page of label sheets; `size` is one of `SIZES`."""
    kind = SIZES[size]
    drawn = [
        {"label": label, "qr": segno.make_qr(label.payload, error="m").svg_inline(border=2)}
        for label in labels
    ]
    sheet = kind.columns * kind.rows
    sheets = [drawn[start : start + sheet] for start in range(0, len(drawn), sheet)]
    context = {"title": title, "size": size, "kind": kind, "sizes": SIZES, "sheets": sheets}
    return render(request, "core/labels.html", {**context, "count": len(drawn), **more})
