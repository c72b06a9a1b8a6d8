"""Bodies from the OpenAPI document with a mark of its own in every text that they take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.db import connection
from drf_spectacular.generators import SchemaGenerator

from tests.tables import every_table

MARK = re.compile(r"zqtaint(\d{4})")
HIDDEN = re.compile(r"7a717461696e74(?:3\d){4}")
# Members that are codes and numbers of ours, or are checked to be one of those that there are.
CODES = frozenset(
    {
        "channel", "sku", "location", "reservation_id", "unit_price", "country", "order",
        "exchange_of", "code", "qr", "payload", "fulfilments", "looked_in", "person",
    }
)  # fmt: skip
FORMATS = frozenset({"date-time", "date", "uuid", "binary"})
Schema = dict[str, Any]


class Taint:
    """Makes marks, and knows where each was sent."""

    def __init__(self) -> None:
        self.document: Schema = SchemaGenerator().get_schema(request=None, public=True)
        self.sent: list[str] = []
        self.operations: set[str] = set()

    def mark(self, name: str) -> str:
        self.sent.append(name)
        return f"zqtaint{len(self.sent) - 1:04}"

    def names_in(self, text: str) -> set[str]:
        """Return the members whose marks stand in a text, also as hexadecimal digits of bytes."""
        hidden = "".join(
            bytes.fromhex(found[1]).decode()
            for found in re.finditer(r"(7a717461696e74(?:3\d){4})", text)
        )
        return {self.sent[int(found[1])] for found in MARK.finditer(text.lower() + hidden)}

    def body(self, operation: str, **base: Any) -> dict[str, Any]:
        """Return a body for an operation, such as "post orders": what is given, and a mark in
        every other member that takes a text."""
        self.operations.add(operation)
        body = self._filled(self.schema_of(operation), base, "")
        assert isinstance(body, dict)
        return body

    def schema_of(self, operation: str) -> Schema | None:
        method, _, path = operation.partition(" ")
        asked = self.document["paths"][f"/api/v1/{path}"][method].get("requestBody")
        return next(iter(asked["content"].values()))["schema"] if asked else None

    def free_texts(self, operation: str) -> set[str]:
        return {name for name, _ in self._leaves(self.schema_of(operation), "")}

    def all_operations(self) -> Iterator[str]:
        for path, methods in self.document["paths"].items():
            for method in methods:
                if method in ("post", "put", "patch"):
                    yield f"{method} {path.removeprefix('/api/v1/')}"

    def _filled(self, schema: Schema | None, base: Any, name: str) -> Any:
        for shape in self._shapes(schema):
            if shape.get("properties"):
                return self._filled_object(shape, base or {}, name)
            if "items" in shape and isinstance(base, list):
                return [self._filled(shape["items"], item, name) for item in base]
        return base

    def _filled_object(self, shape: Schema, base: dict[str, Any], name: str) -> dict[str, Any]:
        filled = dict(base)
        for member, schema in shape["properties"].items():
            path = f"{name}.{member}" if name else member
            if base.get(member) is not None:
                filled[member] = self._filled(schema, base[member], path)
            elif member in base or member in CODES:
                continue
            elif self._is_object(schema):
                filled[member] = self._filled(schema, {}, path)
            elif self._is_free(schema):
                text = self.mark(path)
                filled[member] = f"{text}@example.org" if member == "email" else text
        return filled

    def _leaves(self, schema: Schema | None, name: str) -> Iterator[tuple[str, Schema]]:
        for shape in self._shapes(schema):
            for member, inner in shape.get("properties", {}).items():
                path = f"{name}.{member}" if name else member
                if member not in CODES and self._is_free(inner):
                    yield path, inner
                yield from self._leaves(inner, path)
            if "items" in shape:
                yield from self._leaves(shape["items"], name)

    def _is_object(self, schema: Schema) -> bool:
        return any(shape.get("properties") for shape in self._shapes(schema))

    def _is_free(self, schema: Schema) -> bool:
        return any(
            "string" in (shape.get("type") or "")
            and "enum" not in shape
            and shape.get("format") not in FORMATS
            for shape in self._shapes(schema)
        )

    def _shapes(self, schema: Schema | None) -> Iterator[Schema]:
        """Return a schema as the shapes that it may have, references followed."""
        if schema is None:
            return
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield from self._shapes(self.document["components"]["schemas"][name])
            return
        parts = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *schema.get("allOf", ())]
        for part in parts:
            yield from self._shapes(part)
        if not parts or "properties" in schema:
            yield schema


def marked_rows(taint: Taint) -> dict[tuple[str, str], str]:
    """Return (table, member) of each mark in the database, with a row in which it stands."""
    found: dict[tuple[str, str], str] = {}
    with connection.cursor() as cursor:
        for table in every_table():
            cursor.execute(
                f"""SELECT t::text FROM {table} t WHERE t::text ~* 'zqtaint'
                    OR strpos(t::text, encode('zqtaint', 'hex')) > 0"""
            )
            for (row,) in cursor.fetchall():
                found |= {(table, name): row for name in taint.names_in(row)}
    return found
