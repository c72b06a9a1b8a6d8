"""Path converters of the API's addresses."""

from __future__ import annotations

from django.urls import register_converter


class DigitsConverter:
    """The id of a numbered resource, as text: `stock/counts/apply` is no count's id."""

    regex = "[0-9]+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: object) -> str:
        return str(value)


def register() -> None:
    register_converter(DigitsConverter, "digits")
