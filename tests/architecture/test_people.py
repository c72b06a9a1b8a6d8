"""The register of personal columns knows every column of text."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import apps
from django.contrib.postgres.fields import ArrayField
from django.db import models

from core.people.register import Copies, Table, register, without_people

# What may hold a text, or a digest of one.
KINDS = (
    models.CharField, models.TextField, models.JSONField, models.BinaryField, models.FileField,
    ArrayField,
)  # fmt: skip


def text_columns() -> set[tuple[str, str]]:
    """Return (model, column) of all columns for text; one with choices holds words of ours."""
    return {
        (model._meta.label, field.name)
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.local_concrete_fields
        if isinstance(field, KINDS) and not field.choices
    }


def registered() -> Iterator[tuple[str, str]]:
    for entry in register():
        if isinstance(entry, Table):
            yield from ((entry.model, column.name) for column in entry.columns)
        else:
            assert isinstance(entry, Copies)
            yield from ((model, name) for model, names in entry.columns.items() for name in names)


def declared() -> set[tuple[str, str]]:
    return {(model, name) for model, names in without_people().items() for name in names}


def test_each_column_of_text_is_registered_or_free_of_people() -> None:
    assert text_columns() - set(registered()) - declared() == set()


def test_the_register_names_columns_that_are_there_and_each_in_one_way() -> None:
    assert (set(registered()) | declared()) - text_columns() == set()
    assert set(registered()) & declared() == set()


def test_what_stays_says_why_and_rows_of_customers_are_found() -> None:
    for entry in register():
        if isinstance(entry, Table):
            for column in entry.columns:
                assert bool(column.way.act) != bool(column.way.because), (entry.model, column.name)
            assert (entry.rows is None) == all(each.whose == "staff" for each in entry.columns)
            assert bool(entry.rows) == bool(entry.found)
