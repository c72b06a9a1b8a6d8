"""Keep rules and ring fences in the admin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django import forms
from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.text import Truncator
from unfold.decorators import display

from core.access.principal import Principal
from core.admin.base import ROWS, ModelAdmin, actor_of, at, check_code
from core.audit.record import record
from inventory.choices import KeepKind, KeepState
from inventory.commands.keep_from_sale.change_rule import change_keep_rule
from inventory.commands.keep_from_sale.keep_rules import KeepFacts, put_keep_rule, remove_keep_rule
from inventory.models import KeepRule, RingFence
from inventory.queries.available.keep_rules import IN_STATE, state_of
from inventory.settlement import settlement
from stores.commands.channels import raise_version
from stores.models import Channel


class KeepRuleForm(forms.ModelForm):  # type: ignore[type-arg]
    """Validates a keep rule as the API does."""

    class Meta:
        model = KeepRule
        exclude = ("version",)
        labels = {
            "channel": "For channel",
            "quantity": "Units of each SKU and location",
            "sku": "SKU",
        }
        help_texts = {
            "code": "Short and lasting: systems know the rule by it.",
            "kind": "Safety stock is kept from every channel, a ring fence for one.",
            "channel": "Whom a ring fence keeps the units for. Empty for safety stock.",
            "quantity": "Of several rules that match, the highest applies.",
            "category": "Written as on the SKUs themselves.",
            "starts_at": "UTC. Empty: at once.",
            "until": "UTC. Empty: for good. At this moment the units are released.",
            "note": "What a colleague should know: who asked for it, and why.",
        }

    def clean_code(self) -> str:
        return check_code(self.cleaned_data["code"])

    def clean_quantity(self) -> int:
        units: int = self.cleaned_data["quantity"]
        if not 1 <= units <= 1_000_000:
            raise forms.ValidationError("Keep from 1 to 1,000,000 units.")
        return units

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        kind, channel = cleaned.get("kind"), cleaned.get("channel")
        if kind == KeepKind.RING_FENCE and channel is None and "channel" not in self.errors:
            self.add_error("channel", "Say whom the units are kept for.")
        if kind == KeepKind.SAFETY_STOCK and channel is not None:
            self.add_error("channel", "Safety stock is kept from every channel: leave this empty.")
        starts_at, until = cleaned.get("starts_at"), cleaned.get("until")
        if starts_at and until and until <= starts_at:
            self.add_error("until", "The rule ends before it begins: choose a later moment.")
        return cleaned


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, request: Any, model_admin: Any) -> list[tuple[str, str]]:
        return [(state.value, str(state.label)) for state in KeepState]

    def queryset(self, request: Any, queryset: QuerySet[KeepRule]) -> QuerySet[KeepRule]:
        chosen = self.value()
        return queryset.filter(IN_STATE[KeepState(chosen)]) if chosen in IN_STATE else queryset


@admin.register(KeepRule)
class KeepRuleAdmin(ModelAdmin):
    form = KeepRuleForm
    scope_to_change = "catalogue:write"
    list_display = ("code", "state", "units", "for_whom", "applies_to", "begins", "ends", "why")
    list_filter = (StateFilter, "kind", "channel", "location", "abc_class")
    list_select_related = ("channel", "sku", "location")
    list_per_page = ROWS
    list_before_template = "inventory/keep_rules_about.html"
    search_fields = ("code", "category", "note", "=sku__code")
    autocomplete_fields = ("channel", "sku", "location")
    fieldsets = (
        (None, {"fields": ("code", "kind", "channel", "quantity")}),
        (
            "Of which stock",
            {
                "description": "Leave empty what does not matter: a rule that names nothing here "
                "applies to every SKU at every location.",
                "fields": (("category", "abc_class"), "sku", "location"),
            },
        ),
        ("When", {"fields": ("starts_at", "until")}),
        (None, {"fields": ("note",)}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("code",) if obj else ()

    @display(
        description="State",
        label={"Active": "success", "Upcoming": "info", "Over": "default"},
    )
    def state(self, rule: KeepRule) -> str:
        return str(state_of(rule, timezone.now()).label)

    @display(description="Units", ordering="quantity")
    def units(self, rule: KeepRule) -> int:
        return rule.quantity

    @display(description="Kept for", ordering="channel__code")
    def for_whom(self, rule: KeepRule) -> str:
        return rule.channel.code if rule.channel else "no channel: safety stock"

    @display(description="Applies to")
    def applies_to(self, rule: KeepRule) -> str:
        named = [
            f"SKU {rule.sku.code}" if rule.sku else "",
            rule.category,
            f"class {rule.abc_class}" if rule.abc_class else "",
            f"at {rule.location.code}" if rule.location else "",
        ]
        return ", ".join(name for name in named if name) or "all"

    @display(description="From", ordering="starts_at")
    def begins(self, rule: KeepRule) -> str:
        return at(rule.starts_at)

    @display(description="Until", ordering="until")
    def ends(self, rule: KeepRule) -> str:
        return at(rule.until)

    @display(description="Note")
    def why(self, rule: KeepRule) -> str:
        return Truncator(rule.note).chars(60) or "–"

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        actor = actor_of(request)
        facts = KeepFacts(**{name: getattr(obj, name) for name in KeepFacts.__dataclass_fields__})
        saved, _ = change_keep_rule(
            lambda: put_keep_rule(code=obj.code, facts=facts, actor=actor),
            code=obj.code,
            actor=actor,
        )
        obj.pk, obj.version = saved.pk, saved.version
        obj._state.adding = False

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, KeepRule.objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[KeepRule]) -> None:
        actor = actor_of(request)
        codes = sorted(queryset.values_list("code", flat=True))
        for rule in (
            KeepRule.objects.filter(code__in=codes).order_by("code").select_for_update(no_key=True)
        ):
            change_keep_rule(
                lambda rule=rule: remove_keep_rule(rule=rule, actor=actor),  # type: ignore[misc]
                code=rule.code,
                actor=actor,
            )


@contextmanager
def _changing_fences(touched: list[tuple[int, int]], *, actor: Principal) -> Iterator[None]:
    """Lock the channels of (channel id, SKU id) while their ring fences change.

    The channels get a new version, and released units fill backorders.
    """
    locked = Channel.objects.filter(pk__in=[channel for channel, _ in touched])
    channels = list(locked.order_by("pk").select_for_update(no_key=True))
    yield
    for channel in channels:
        raise_version(channel)
        record(
            actor=actor,
            action="channel.ring_fences_replaced",
            subject=f"channels/{channel.code}",
            ring_fences=channel.ring_fences.count(),
        )
    settlement().fill_backorders(sku_ids={sku for _, sku in touched}, actor=actor)


@admin.register(RingFence)
class RingFenceAdmin(ModelAdmin):
    scope_to_change = "network:write"
    list_display = ("sku", "location", "channel", "quantity", "until")
    list_filter = ("channel", "location")
    list_select_related = ("sku", "location", "channel")
    list_per_page = ROWS
    search_fields = ("=sku__code",)
    autocomplete_fields = ("sku", "location", "channel")

    def get_readonly_fields(self, request: HttpRequest, obj: Model | None = None) -> Any:
        return ("channel", "sku", "location") if obj else ()

    @transaction.atomic
    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        with _changing_fences([(obj.channel_id, obj.sku_id)], actor=actor_of(request)):
            super().save_model(request, obj, form, change)

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self.delete_queryset(request, RingFence.objects.filter(pk=obj.pk))

    @transaction.atomic
    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[RingFence]) -> None:
        touched = list(queryset.values_list("channel_id", "sku_id"))
        with _changing_fences(touched, actor=actor_of(request)):
            queryset.delete()
