"""Codes of SKUs in a file, as the retailer writes them."""

from __future__ import annotations

from django.db import connection

from core.imports.kinds import file_table
from core.imports.models import Import
from inventory.queries.sku_codes import named_skus


def spell_skus(file: Import) -> None:
    """Write the codes of a staged file as the catalogue spells them; unknown ones stay.

    Before rows are compared: two spellings of one code are two figures for one thing.
    """
    if "sku" not in file.columns:
        return
    table = file_table(file)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""SELECT DISTINCT f.sku FROM {table} f WHERE f.fault IS NULL
                AND NOT EXISTS (SELECT FROM inventory_sku k WHERE k.code = f.sku)"""
        )
        strange = [code for (code,) in cursor.fetchall()]
        named = named_skus(strange)
        if named:
            cursor.execute(
                f"""UPDATE {table} f SET sku = k.code
                    FROM unnest(%s::text[], %s::text[]) AS k(spelt, code) WHERE f.sku = k.spelt""",
                [list(named), [sku.code for sku in named.values()]],
            )
