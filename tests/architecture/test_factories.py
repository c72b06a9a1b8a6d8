"""Tests make their rows by the factories, and units by the ledger."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
# Rows that tests start from, and rows that only the ledger may write.
MODELS = {
    "ApiClient", "Barcode", "Bin", "Channel", "KeepRule", "Location", "Placement", "Product",
    "ReservationGroup", "RingFence", "Sku", "Stock", "StockMovement", "Transfer", "User",
}  # fmt: skip
CREATE = {"create", "create_superuser", "create_user", "get_or_create", "update_or_create"}


def bare_creates(tree: ast.AST) -> Iterator[int]:
    """Yield the lines with `Sku(...)` or `Sku.objects.create(...)` of one of the models."""
    imported = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("models")
        for alias in node.names
    }
    models = MODELS & imported
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=model)) if model in models:
                yield node.lineno
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id=model), attr="objects"), attr=method
                )
            ) if model in models and method in CREATE:
                yield node.lineno


def test_bare_creates_are_recognised() -> None:
    lines = [
        "from inventory.models import Sku",
        "Sku.objects.create(code='A1')",
        "Sku(code='A1')",
        "Sku.objects.get(code='A1')",
        "SkuFactory(code='A1')",
    ]
    assert list(bare_creates(ast.parse("\n".join(lines)))) == [2, 3]


def test_rows_come_from_the_factories() -> None:
    assert [
        f"{path.relative_to(TESTS)}:{line}"
        for path in sorted(TESTS.rglob("*.py"))
        if path.name != "factories.py"
        for line in bare_creates(ast.parse(path.read_text()))
    ] == []
