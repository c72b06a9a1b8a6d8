"""Personal data, less of it, for those who may not read it. Pure, over JSON values.

A masked document has the members of the whole one, of the same types; a number becomes null.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from core.access.customers import reads_customers
from core.access.principal import Principal
from orders.personal_fields import ADDRESS, PERSON, PLACES, WORDS

# How such members are described.
MASKED_ADDRESS = (
    "Without `customers:read`: the country, initials, the beginning of the postal code and the "
    "end of the phone number; other texts are empty, coordinates null"
)
MASKED_TEXT = "Empty without `customers:read`"
MASKED_RECEIPT = "Without `customers:read`, `destination` and each `distance_km` are null"
MASKED_DATA = "personal data masked as in orders without `customers:read`"


def released(document: Any, *, actor: Principal, for_work: bool = False) -> Any:
    """Return a document as this actor may see it: whole, or masked."""
    return document if reads_customers(actor, for_work=for_work) else masked(document)


def names_people(value: Any) -> bool:
    """Say whether a document holds a customer or an address."""
    if isinstance(value, dict):
        return any(
            bool(item) if name in (PERSON, ADDRESS, "email") else names_people(item)
            for name, item in value.items()
        )
    return isinstance(value, list) and any(map(names_people, value))


def masked(value: Any) -> Any:
    """Return a JSON value in which the members of `personal_fields` say less."""
    if isinstance(value, dict):
        return {name: _member(name, item) for name, item in value.items()}
    if isinstance(value, list):
        return [masked(item) for item in value]
    return value


def _member(name: str, value: Any) -> Any:
    if name in (PERSON, ADDRESS):
        return masked_person(value)
    if name in WORDS:
        return "" if isinstance(value, str) else None
    return None if name in PLACES else masked(value)


def masked_person(value: Any) -> Any:
    """Mask an address or contact: what is in no list of these is taken away."""
    if not isinstance(value, Mapping):
        return "" if isinstance(value, str) else None
    return {
        name: _PARTS.get(name, _nothing)(item) if isinstance(item, str) else None
        for name, item in value.items()
    }


def masked_name(name: str) -> str:
    """Mask a name: "Ada van Rossum" as "A. v. R."."""
    return " ".join(f"{word[0]}." for word in name.split())


def masked_email(email: str) -> str:
    """Mask an e-mail: "ada@example.org" as "a…@e…"."""
    local, at, domain = email.partition("@")
    return f"{local[:1]}…@{domain[:1]}…" if at else _beginning(email, 1)


def masked_phone(phone: str) -> str:
    """Mask a phone number: its last two digits, which a caller may be asked for."""
    digits = [sign for sign in phone if sign.isdigit()]
    return f"…{''.join(digits[-2:])}" if len(digits) > 4 else _beginning(phone, 0)


def masked_postal_code(code: str) -> str:
    """Mask a postal code: the two characters that name its region, less of a short one."""
    return _beginning(code, min(2, len(code) // 2))


def masked_shop_id(identity: str) -> str:
    """Mask the shop's id of a customer where that is an e-mail."""
    return masked_email(identity) if "@" in identity else identity


def _beginning(text: str, length: int) -> str:
    return f"{text[:length]}…" if text else ""


def _nothing(text: str) -> str:
    return ""


_PARTS: Mapping[str, Callable[[str], str]] = {
    "id": str,
    "external_id": masked_shop_id,
    "name": masked_name,
    "email": masked_email,
    "phone": masked_phone,
    "postal_code": masked_postal_code,
    "country": str,
}
