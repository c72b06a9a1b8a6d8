"""Decoding a body by the serializer that declares it, without building that serializer again.

A serializer is a tree of fields that DRF copies for each request, and walks with many questions
that always have the same answer: for an order this took longer than placing it. A `Decoder` asks
them once and keeps the tree. Conversions and rules are those of the serializer itself (its fields'
`to_internal_value` and validators, its `validate`), so there is nothing to keep in step. What a
decoder refuses, the serializer refuses: it is asked what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from django.core import validators
from django.core.exceptions import ValidationError as DjangoValidationError
from rest_framework import serializers
from rest_framework import validators as drf_validators
from rest_framework.fields import empty

from core.api.fields import StrictSerializer, StringField

Decode = Callable[[Any], Any]
Check = Callable[[Any], object]  # raises for a value that is not right

_PLAIN_TEXT = (
    validators.ProhibitNullCharactersValidator,
    drf_validators.ProhibitSurrogateCharactersValidator,
)
_PLAIN_STRINGS = (serializers.CharField.to_internal_value, StringField.to_internal_value)


class _Refused(Exception):
    """The serializer would refuse this."""


class Decoder:
    """Decodes JSON values into what a serializer calls its validated data.

    Made once, at import: it is shared by all threads. The serializer must not ask who sent the
    body (`context`), nor choose its fields by it.
    """

    def __init__(self, serializer: type[serializers.Serializer[Any]]) -> None:
        self.serializer = serializer
        self._decode = _decode_of(serializer())

    def __call__(self, data: Any) -> Any:
        """Return the validated data, or raise DRF's `ValidationError` with everything wrong."""
        try:
            return self._decode(data)
        except (_Refused, serializers.ValidationError, DjangoValidationError):
            checked = self.serializer(data=data)
            checked.is_valid(raise_exception=True)
            return checked.validated_data


class _Member(NamedTuple):
    """A field of a serializer: how its value is decoded, and what a body without it means."""

    name: str
    decode: Decode
    required: bool
    default: Any  # `empty`: the field is left out


def _decode_of(field: Any) -> Decode:
    """Return what does to a value as `field.run_validation` does; that itself, for a field that
    validates in a way of its own."""
    run_validation = type(field).run_validation
    to_internal_value = type(field).to_internal_value
    if run_validation is serializers.CharField.run_validation:
        return _string(field)
    if run_validation is serializers.Serializer.run_validation and to_internal_value in (
        serializers.Serializer.to_internal_value,
        StrictSerializer.to_internal_value,
    ):
        return _object(field)
    if run_validation is serializers.ListSerializer.run_validation and (
        to_internal_value is serializers.ListSerializer.to_internal_value
    ):
        return _list(field)
    if run_validation is serializers.Field.run_validation:
        if to_internal_value is serializers.ListField.to_internal_value:
            return _list(field)
        return _value(field)
    answer: Decode = field.run_validation
    return answer


def _value(field: Any) -> Decode:
    convert, checks, nullable = field.to_internal_value, _checks_of(field), field.allow_null

    def decode(data: Any) -> Any:
        if data is None:
            return _null(nullable)
        value = convert(data)
        for check in checks:
            check(value)
        return value

    return decode


def _string(field: Any) -> Decode:
    decode_other, checks = _value(field), _checks_of(field)
    blank, trims = field.allow_blank, field.trim_whitespace
    is_usual = type(field).to_internal_value in _PLAIN_STRINGS

    def decode(data: Any) -> Any:
        if type(data) is not str:
            return decode_other(data)
        value = data.strip() if trims else data
        if not value:
            if not blank:
                raise _Refused()
            return ""
        if not is_usual:
            return decode_other(data)
        for check in checks:
            check(value)
        return value

    return decode


def _list(field: Any) -> Decode:
    """Of many bodies (`many=True`) or of values: both say how many in the same words."""
    decode_item, checks, nullable = _decode_of(field.child), _checks_of(field), field.allow_null
    least = 0 if field.allow_empty else 1
    least = max(least, getattr(field, "min_length", None) or 0)
    most = getattr(field, "max_length", None)
    validate = getattr(field, "validate", None)

    def decode(data: Any) -> Any:
        if data is None:
            return _null(nullable)
        if type(data) is not list or len(data) < least or (most is not None and len(data) > most):
            raise _Refused()
        value = [decode_item(item) for item in data]
        for check in checks:
            check(value)
        return value if validate is None else validate(value)

    return decode


def _object(serializer: Any) -> Decode:
    if not all(_is_plain(field) for field in serializer.fields.values()):
        answer: Decode = serializer.run_validation
        return answer
    members = [_member(field) for field in serializer.fields.values() if not field.read_only]
    names = {*serializer.fields} if isinstance(serializer, StrictSerializer) else None
    checks, nullable, validate = _checks_of(serializer), serializer.allow_null, serializer.validate

    def decode(data: Any) -> Any:
        if data is None:
            return _null(nullable)
        if not isinstance(data, Mapping) or (names is not None and not names >= data.keys()):
            raise _Refused()
        found = {}
        for name, decode_member, required, default in members:
            if name in data:
                found[name] = decode_member(data[name])
            elif required:
                raise _Refused()
            elif default is not empty:
                found[name] = default
        for check in checks:
            check(found)
        return validate(found)

    return decode


def _is_plain(field: Any) -> bool:
    """Say whether a field is a member of the body under its own name, and asks for nothing else."""
    return (
        field.source == field.field_name
        and not isinstance(field, serializers.HiddenField)
        and not callable(field.default if field.default is not empty else None)
        and not (field.read_only and field.default is not empty)
        and not hasattr(field.parent, f"validate_{field.field_name}")
    )


def _member(field: Any) -> _Member:
    return _Member(field.field_name, _decode_of(field), field.required, field.default)


def _checks_of(field: Any) -> tuple[Check, ...]:
    plain = [each for each in field.validators if type(each) in _PLAIN_TEXT]
    checks = [_check_of(each, field) for each in field.validators if each not in plain]
    if plain:
        checks.append(lambda value: value.isprintable() or [each(value) for each in plain])
    return tuple(checks)


def _check_of(validator: Any, field: Any) -> Check:
    """Return the validator, behind a quick look where there is one: most values are right."""
    if getattr(validator, "requires_context", False):
        return lambda value: validator(value, field)
    limit: Any = getattr(validator, "limit_value", None)
    plain: Check = validator
    if callable(limit):
        return plain
    kind = type(validator)
    if kind is validators.RegexValidator and not validator.inverse_match:
        search = validator.regex.search  # `regex` itself is looked up anew at each use
        return lambda value: search(str(value)) or validator(value)
    if kind is validators.MaxLengthValidator:
        return lambda value: len(value) <= limit or validator(value)
    if kind is validators.MinLengthValidator:
        return lambda value: len(value) >= limit or validator(value)
    if kind is validators.MaxValueValidator:
        return lambda value: value <= limit or validator(value)
    if kind is validators.MinValueValidator:
        return lambda value: value >= limit or validator(value)
    return plain


def _null(nullable: bool) -> None:
    if not nullable:
        raise _Refused()
