"""Changing keep rules, and filling backorders from the units that this releases."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from core.access.principal import Principal
from inventory.models import KeepRule
from inventory.settlement import settlement

T = TypeVar("T")


def change_keep_rule(change: Callable[[], T], *, code: str, actor: Principal) -> T:
    """Change a rule and fill backorders of its SKUs, before and after, in one transaction.

    When a rule expires, the next sweep fills them.
    """
    before = _skus_kept(code)
    result = change()
    kinds = [kind for kind in (before, _skus_kept(code)) if kind is not None]
    # A rule without conditions on SKUs keeps units of every SKU.
    touched = settlement().skus_waited_for(*kinds) if all(kinds) else settlement().skus_waited_for()
    settlement().fill_backorders(sku_ids=touched, actor=actor)
    return result


def _skus_kept(code: str) -> dict[str, Any] | None:
    rule = KeepRule.objects.filter(code=code).first()
    return None if rule is None else rule.skus_kept
