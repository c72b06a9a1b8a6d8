"""Changing what is kept from sale, and giving what that releases to the orders that wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from core.access.principal import Principal
from inventory.models import KeepRule
from inventory.settlement import settlement

T = TypeVar("T")


def change_keep_rule(change: Callable[[], T], *, code: str, actor: Principal) -> T:
    """Change a rule and fill backorders of the SKUs that it kept or keeps, in one transaction.

    A rule that ends by its time fills them with the next sweep.
    """
    before = _skus_kept(code)
    result = change()
    kinds = [kind for kind in (before, _skus_kept(code)) if kind is not None]
    # One of them asks for nothing: it keeps units of every SKU.
    touched = settlement().skus_waited_for(*kinds) if all(kinds) else settlement().skus_waited_for()
    settlement().fill_backorders(sku_ids=touched, actor=actor)
    return result


def _skus_kept(code: str) -> dict[str, Any] | None:
    rule = KeepRule.objects.filter(code=code).first()
    return None if rule is None else rule.skus_kept
