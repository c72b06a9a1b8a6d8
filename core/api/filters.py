"""What a list can be asked: one strict `FilterSet` a list, and the filters that they share.

A parameter that is unknown, given twice or malformed is a 400 that names it: without it the answer
would be to another question. Several values stand between commas, and match any of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.functional import cached_property
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.api.filter_fields import (
    CODE,
    MAX_VALUES,
    AnyOfField,
    BooleanField,
    CodeField,
    TimeField,
)
from core.api.pagination import MAX_LIMIT, NextRows, Order, Render, page, settled_until

LAST_ID = 2**63 - 1
UPDATED_AT = "Moves with every change of what is shown here"


def refuse_repeated(query: QueryDict) -> None:
    """Refuse parameters that are given more than once."""
    twice = [name for name, given in query.lists() if len(given) > 1]
    if twice:
        raise serializers.ValidationError(
            {name: ["Give it once only."] for name in twice}, code="given_twice"
        )


class Filter(django_filters.Filter):
    """A parameter of a list. `schema` is its value in the OpenAPI document."""

    schema: dict[str, Any] = {"type": "string"}

    def __init__(self, field_name: str | None = None, **kwargs: Any) -> None:
        super().__init__(field_name, label="", **kwargs)

    def parameter(self, name: str) -> OpenApiParameter:
        is_several = self.schema["type"] == "array"
        return OpenApiParameter(
            name,
            self.schema,
            description=self.extra.get("help_text", ""),
            style="form" if is_several else None,
            explode=False if is_several else None,
        )


class Text(Filter):
    """A text that is compared as it is."""

    field_class = forms.CharField

    def __init__(
        self, field_name: str | None = None, *, max_length: int, least: int = 1, **kwargs: Any
    ) -> None:
        size = {"min_length": least, "max_length": max_length}
        super().__init__(field_name, strip=False, **size, **kwargs)
        self.schema = {"type": "string", "minLength": least, "maxLength": max_length}


class Search(Filter):
    """What people type: part of any of the columns, in any case of letters."""

    field_class = forms.CharField
    schema = {"type": "string", "minLength": 1, "maxLength": 200}

    def __init__(self, *columns: str, **kwargs: Any) -> None:
        super().__init__(columns[0] if columns else None, max_length=200, **kwargs)
        self.columns = columns

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if not value:
            return rows
        found = Q()
        for column in self.columns:
            found |= Q(**{f"{column}__icontains": value})
        return rows.filter(found)


class Whole(Filter):
    """A whole number."""

    field_class = forms.IntegerField

    def __init__(
        self, field_name: str | None = None, *, least: int = 0, most: int = LAST_ID, **kwargs: Any
    ) -> None:
        super().__init__(field_name, min_value=least, max_value=most, **kwargs)
        self.schema = {"type": "integer", "minimum": least, "maximum": most}
        if most > 2**31:
            self.schema["format"] = "int64"


class Boolean(Filter):
    field_class = BooleanField
    schema = {"type": "boolean"}


class Several(Filter):
    field_class = AnyOfField

    def __init__(
        self, field_name: str | None, of: forms.Field, items: dict[str, Any], **kwargs: Any
    ) -> None:
        super().__init__(field_name, lookup_expr="in", of=of, **kwargs)
        self.schema = {
            "type": "array", "items": items, "minItems": 1, "maxItems": MAX_VALUES,
        }  # fmt: skip


class Codes(Several):
    """Codes that people chose; a comma within one is written `\\,`."""

    def __init__(
        self, field_name: str | None = None, *, max_length: int = 64, **kwargs: Any
    ) -> None:
        code = CodeField(max_length=max_length)
        shape = {
            "type": "string", "minLength": 1, "maxLength": max_length,
            "pattern": CODE.replace(r"\Z", "$"),
        }  # fmt: skip
        super().__init__(field_name, code, shape, **kwargs)


class Choices(Several):
    """Words of a fixed list."""

    def __init__(
        self, choices: Sequence[tuple[str, Any]], field_name: str | None = None, **kwargs: Any
    ) -> None:
        words = [word for word, _ in choices]
        among = f"Choose among: {', '.join(words)}."
        field = forms.ChoiceField(choices=choices, error_messages={"invalid_choice": among})
        super().__init__(field_name, field, {"type": "string", "enum": words}, **kwargs)


class _Time(Filter):
    field_class = TimeField
    schema = {"type": "string", "format": "date-time"}


class After(_Time):
    """Later than a time; the time itself is not among them."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="gt", **kwargs)


class Before(_Time):
    """Earlier than a time."""

    def __init__(self, field_name: str, **kwargs: Any) -> None:
        super().__init__(field_name, lookup_expr="lt", **kwargs)


class _Control(Filter):
    """A parameter that says how rows are given, not which."""

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        return rows


class Ordering(_Control):
    """The ways in which a list can be sorted: each name stands for a column."""

    field_class = forms.ChoiceField

    def __init__(self, **columns: str) -> None:
        words = [word for name in columns for word in (name, f"-{name}")]
        among = f"Choose one of: {', '.join(words)}."
        super().__init__(
            choices=[(word, word) for word in words],
            error_messages={"invalid_choice": among},
            help_text="`-`: the last first",
        )
        self.columns = columns
        self.schema = {"type": "string", "enum": words}


class _Limit(_Control, Whole):
    pass


class _Cursor(_Control, Text):
    pass


class FilterSet(django_filters.FilterSet):
    """What one list can be asked. A name that ends in `_` stands for the word without it."""

    order_by: ClassVar[str] = "id"  # a unique column; `-id`: the newest first

    limit = _Limit(least=1, most=MAX_LIMIT)
    cursor = _Cursor(max_length=500, help_text="Follow `next`, which has it")

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        return {name.removesuffix("_"): each for name, each in super().get_filters().items()}

    @classmethod
    def parameters(cls) -> list[OpenApiParameter]:
        """Return its parameters, for the OpenAPI document."""
        return [each.parameter(name) for name, each in cls.base_filters.items()]

    @cached_property
    def asked(self) -> dict[str, Any]:
        """The values of the parameters that were given; raises a 400 if any is wrong."""
        self.check()
        return {name: self.form.cleaned_data[name] for name in self.data}

    def check(self) -> None:
        """Raise a 400 that names the parameters which are wrong."""
        refuse_repeated(self.data)
        wrong = {
            name: [serializers.ErrorDetail("This field is not known here.", "unknown_field")]
            for name in self.data
            if name not in self.filters
        }
        for name, errors in self.form.errors.as_data().items():
            wrong[name] = [
                serializers.ErrorDetail(text, each.code or "invalid")
                for each in errors
                for text in each.messages
            ]
        for name, value in self.data.items():
            if name in self.filters and not value.strip():
                wrong[name] = [serializers.ErrorDetail("This may not be blank.", "blank")]
        if wrong:
            raise serializers.ValidationError({name[:64]: each for name, each in wrong.items()})

    def page(self, request: Request, *, render: Render, rows: NextRows | None = None) -> Response:
        """Answer a page of the rows that were asked for; `rows` finds them in another way than
        by filtering the query that this was made with."""
        order = self._order()
        return page(
            request,
            rows or self._rows(),
            order=order,
            limit=self.asked.get("limit"),
            cursor=self.asked.get("cursor"),
            render=render,
        )

    def _order(self) -> Order:
        usual = self.order_by.lstrip("-")
        word = self.asked.get("ordering")
        if word is None:
            return Order((usual,), self.order_by.startswith("-"))
        column = self.filters["ordering"].columns[word.lstrip("-")]
        return Order((column,) if column == usual else (column, "pk"), word.startswith("-"))

    def _rows(self) -> QuerySet[Any]:
        rows = self.qs
        if self.asked.get("ordering") == "updated_at":
            rows = rows.filter(updated_at__lt=settled_until())
        answer: QuerySet[Any] = rows
        return answer


class ResourceFilterSet(FilterSet):
    """What a list of resources that change can be asked.

    To keep a copy in step: read it by `ordering=updated_at` to the end, then again and again with
    `updated_after` the last one seen.
    """

    updated_after = After("updated_at", help_text="With `ordering=updated_at`: what is new since")
    updated_before = Before("updated_at")
    ordering = Ordering(updated_at="updated_at")
