"""Keeping units from sale by rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction

from core.access.principal import Principal
from core.audit.record import record
from inventory.models import KeepRule


@dataclass(frozen=True, slots=True)
class KeepFacts:
    """The values of a rule, in units; a condition that is None or empty matches all.

    A ring fence names its channel, safety stock none; `until` is later than `starts_at`.
    """

    kind: str
    quantity: int
    channel_id: int | None = None
    sku_id: int | None = None
    category: str = ""
    abc_class: str = ""
    location_id: int | None = None
    starts_at: datetime | None = None
    until: datetime | None = None
    note: str = ""


def put_keep_rule(
    *,
    code: str,
    facts: KeepFacts,
    actor: Principal,
    expect: Callable[[int | None], None] = lambda version: None,
) -> tuple[KeepRule, bool]:
    """Create a rule, or replace its values; return it and whether it is new.

    `expect` is called with the version found (None: new) under the row's lock and raises to refuse.
    A replacement that changes nothing keeps the version. Every process applies the rule from the
    time it is committed.
    """
    columns = asdict(facts)
    with transaction.atomic():
        rule, created = KeepRule.objects.select_for_update(no_key=True).get_or_create(
            code=code, defaults=columns
        )
        expect(None if created else rule.version)
        changed = [name for name, value in columns.items() if getattr(rule, name) != value]
        if changed:
            # Read again, because the instance may have cached the channel or SKU that it named.
            rule = KeepRule(pk=rule.pk, code=code, version=rule.version + 1, **columns)
            rule.save(force_update=True)
        if created or changed:
            record(
                actor=actor,
                action="keep_rule.made" if created else "keep_rule.changed",
                subject=f"keep-rules/{code}",
                changed=changed,
            )
    return rule, created


def remove_keep_rule(*, rule: KeepRule, actor: Principal) -> None:
    """Delete a rule, whose row is locked; the units it kept are released."""
    record(
        actor=actor,
        action="keep_rule.removed",
        subject=f"keep-rules/{rule.code}",
        kind=rule.kind,
        quantity=rule.quantity,
    )
    rule.delete()
