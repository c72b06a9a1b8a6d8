"""Announcing and receiving suppliers' deliveries through the API."""

from __future__ import annotations

from typing import Any

from tests.conftest import ApiCaller

GTIN = "5012345678900"


def body(*lines: tuple[str, Any], **more: Any) -> dict[str, Any]:
    """Announce (SKU, units); digits are read as a barcode."""
    return {"location": "W1", "reference": "ASN-7", "lines": goods(*lines)} | more


def goods(*lines: tuple[Any, ...]) -> list[dict[str, Any]]:
    """Name (SKU, units) or (SKU, units, damaged); digits are read as a barcode."""
    return [
        {"barcode" if name[:1].isdigit() else "sku": name, "quantity": units}
        | ({"damaged": damaged[0]} if damaged else {})
        for name, units, *damaged in lines
    ]


def expected(api: ApiCaller, *lines: tuple[str, int], **more: Any) -> str:
    answer = api.post("deliveries", body(*lines, **more))
    assert answer.status_code == 201, answer.content
    return answer.json()["id"]


def arrive(api: ApiCaller, delivery: str, *lines: tuple[Any, ...], close: bool = False) -> Any:
    answer = api.post(f"deliveries/{delivery}/receipts", {"lines": goods(*lines), "close": close})
    assert answer.status_code == 200, answer.content
    return answer.json()


def lines_of(document: Any) -> dict[str, tuple[int, int, int, int]]:
    """Return (expected, received, damaged, outstanding) by SKU."""
    names = ("expected", "received", "damaged", "outstanding")
    return {line["sku"]: tuple(line[name] for name in names) for line in document["lines"]}  # type: ignore[misc]


def incoming(api: ApiCaller, sku: str, location: str = "W1") -> int:
    (row,) = api.get("stock", sku=sku, location=location).json()["results"]
    return row["incoming"]
