"""Keep rules: those that an actor may see, and all of them cached, by revision."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from core.access.principal import Principal
from inventory.choices import KeepState
from inventory.models import KeepRule
from inventory.rulebook import Rule, Rulebook
from stores.queries.network import network_at

_UPCOMING = Q(starts_at__gt=Now()) & ~Q(until__lte=Now())
_OVER = Q(until__lte=Now())
IN_STATE = {
    KeepState.UPCOMING: _UPCOMING,
    KeepState.ACTIVE: ~_UPCOMING & ~_OVER,
    KeepState.OVER: _OVER,
}


@dataclass(frozen=True, slots=True)
class CachedRules:
    """The rules at one revision, and the codes of channels by their ids."""

    revision: int
    book: Rulebook
    channels: dict[int, str]


_cached: CachedRules | None = None
_lock = threading.Lock()


def rulebook_at(revision: int) -> CachedRules:
    """Return the keep rules at a revision of the network, which changes of rules raise too."""
    global _cached
    cached = _cached
    if cached is None or cached.revision != revision:
        with _lock:
            _cached = cached = _load(revision)
    return cached


def _load(revision: int) -> CachedRules:
    channels = network_at(revision).channels
    rules = [
        Rule(
            code=rule.code,
            quantity=rule.quantity,
            channel=rule.channel.code if rule.channel else None,
            sku_id=rule.sku_id,
            category=rule.category,
            abc_class=rule.abc_class,
            location_id=rule.location_id,
            starts_at=rule.starts_at,
            until=rule.until,
        )
        for rule in KeepRule.objects.exclude(_OVER).select_related("channel").order_by("code")
    ]
    return CachedRules(
        revision,
        Rulebook(rules, {code: source.location_ids for code, source in channels.items()}),
        {source.id: code for code, source in channels.items()},
    )


def visible_keep_rules(actor: Principal) -> QuerySet[KeepRule]:
    """Return the rules that lie wholly within the actor's locations and channels."""
    return KeepRule.objects.visible_to(actor).select_related("channel", "sku", "location")


def state_of(rule: KeepRule, at: datetime) -> KeepState:
    """Return whether a rule is upcoming, active or over."""
    if rule.until is not None and rule.until <= at:
        return KeepState.OVER
    if rule.starts_at is not None and rule.starts_at > at:
        return KeepState.UPCOMING
    return KeepState.ACTIVE
