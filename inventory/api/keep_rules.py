"""`/keep-rules`: units kept from sale by rule, for one channel or from all, until a given time."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from django.urls import path
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from core.access.principal import Principal
from core.api.fields import CodeField, QuantityField, StrictSerializer, StringField
from core.api.filters import UPDATED_AT
from core.api.views import ApiView, Expect, listed, tagged
from core.database.updated_at import exact_text
from core.idempotency.execute import retry_conflicts
from core.problems.catalogue import NotFound, ValidationFailed
from inventory.api.fields import CategoryField, MomentField, SkuField
from inventory.api.filters import KeepRuleFilters
from inventory.choices import AbcClass, KeepKind, KeepState
from inventory.commands.keep_from_sale.change_rule import change_keep_rule
from inventory.commands.keep_from_sale.keep_rules import KeepFacts, put_keep_rule, remove_keep_rule
from inventory.models import KeepRule
from inventory.queries.available.keep_rules import state_of, visible_keep_rules
from inventory.queries.lookup import look_up
from inventory.timestamps import as_text

# `from` is a word of Python, so these fields cannot be attributes of a class body.
KeepRuleBody = type(
    "KeepRuleBody",
    (StrictSerializer,),
    {
        "kind": serializers.ChoiceField(KeepKind.choices),
        "channel": CodeField(
            required=False, allow_null=True, help_text="Whom a ring fence keeps the units for"
        ),
        "quantity": QuantityField(help_text="Units of each SKU and location that matches"),
        "sku": SkuField(required=False, allow_null=True),
        "category": CategoryField(required=False, allow_null=True),
        "abc_class": serializers.ChoiceField(AbcClass.choices, required=False, allow_null=True),
        "location": CodeField(required=False, allow_null=True),
        "from": MomentField(required=False, allow_null=True),
        "until": MomentField(required=False, allow_null=True),
        "note": StringField(max_length=300, required=False, allow_null=True),
    },
)

KeepRuleAnswer = type(
    "KeepRuleAnswer",
    (serializers.Serializer,),
    {
        "code": serializers.CharField(),
        "kind": serializers.ChoiceField(KeepKind.choices),
        "channel": serializers.CharField(allow_null=True),
        "quantity": serializers.IntegerField(),
        "sku": serializers.CharField(allow_null=True),
        "category": serializers.CharField(allow_null=True),
        "abc_class": serializers.ChoiceField(AbcClass.choices, allow_null=True),
        "location": serializers.CharField(allow_null=True),
        "from": serializers.DateTimeField(allow_null=True),
        "until": serializers.DateTimeField(allow_null=True),
        "note": serializers.CharField(allow_null=True),
        "state": serializers.ChoiceField(KeepState.choices),
        "updated_at": serializers.DateTimeField(help_text=UPDATED_AT),
    },
)


class KeepRulesView(ApiView):
    scopes = {"GET": "catalogue:read"}
    filterset_class = KeepRuleFilters

    @extend_schema(operation_id="list_keep_rules", responses={200: listed(KeepRuleAnswer)})
    def get(self, request: Request) -> Response:
        """List the rules that keep units from sale."""
        return self.page(
            visible_keep_rules(self.actor),
            render=lambda found: [render_keep_rule(rule) for rule in found],
        )


class KeepRuleView(ApiView):
    scopes = {"GET": "catalogue:read", "PUT": "catalogue:write", "DELETE": "catalogue:write"}
    has_etag = True
    changes_by_clock = True  # its state: upcoming, active, over

    @extend_schema(operation_id="get_keep_rule", responses={200: KeepRuleAnswer})
    def get(self, request: Request, code: str) -> Response:
        """Show a keep rule."""
        rule = visible_keep_rules(self.actor).filter(code=code).first()
        if rule is None:
            raise NotFound()
        return tagged(render_keep_rule(rule), rule.version)

    @extend_schema(
        operation_id="put_keep_rule",
        request=KeepRuleBody,
        responses={200: KeepRuleAnswer, 201: KeepRuleAnswer},
    )
    def put(self, request: Request, code: str) -> Response:
        """Keep units from sale wherever all conditions of the rule match. Backorders that wait for
        units which a change releases are filled at once."""
        code = CodeField().run_validation(code)
        body = self.body(KeepRuleBody)
        _check(body, actor=self.actor)

        def put(expect: Expect) -> tuple[KeepRule, bool]:
            facts = _facts(body, actor=self.actor)
            if self._is_hidden(code):
                raise NotFound()
            rule, created = change_keep_rule(
                lambda: put_keep_rule(code=code, facts=facts, actor=self.actor, expect=expect),
                code=code,
                actor=self.actor,
            )
            return visible_keep_rules(self.actor).get(pk=rule.pk), created

        return self.replace(put, render=render_keep_rule)

    @extend_schema(operation_id="remove_keep_rule", responses={204: None})
    def delete(self, request: Request, code: str) -> Response:
        """Delete a rule and release its units: backorders that wait for them are filled at once."""

        @transaction.atomic
        def remove() -> None:
            rules = visible_keep_rules(self.actor).select_for_update(of=("self",), no_key=True)
            rule = rules.filter(code=code).first()
            if rule is None:
                raise NotFound()
            self.honour_etag(rule.version)
            change_keep_rule(
                lambda: remove_keep_rule(rule=rule, actor=self.actor), code=code, actor=self.actor
            )

        retry_conflicts(remove)
        return Response(status=204)

    def _is_hidden(self, code: str) -> bool:
        there = KeepRule.objects.filter(code=code)
        return there.exists() and not visible_keep_rules(self.actor).filter(code=code).exists()


def _check(body: dict[str, Any], *, actor: Principal) -> None:
    """Refuse a rule that contradicts itself, or that exceeds the key's locations or channels."""
    errors = []
    channel, location = body.get("channel"), body.get("location")
    if body["kind"] == KeepKind.RING_FENCE and channel is None:
        errors.append(("/channel", "Say whom the units are kept for.", "channel_needed"))
    if body["kind"] == KeepKind.SAFETY_STOCK and channel is not None:
        errors.append(("/channel", "Safety stock is kept from every channel.", "channel_not_meant"))
    elif actor.channels is not None and channel is None:
        errors.append(("/channel", "This key keeps units for its channels.", "channel_needed"))
    if actor.locations is not None and location is None:
        errors.append(("/location", "This key keeps units in its locations.", "location_needed"))
    starts_at, until = body.get("from"), body.get("until")
    if starts_at is not None and until is not None and until <= starts_at:
        errors.append(("/until", "The rule ends before it begins.", "ends_too_early"))
    if errors:
        raise ValidationFailed(
            [
                {"pointer": pointer, "detail": detail, "code": code}
                for pointer, detail, code in dict.fromkeys(errors)
            ]
        )


def _facts(body: dict[str, Any], *, actor: Principal) -> KeepFacts:
    def pointed(name: str) -> dict[str, str]:
        code = body.get(name)
        return {} if code is None else {f"/{name}": code}

    found = look_up(
        actor=actor,
        skus=pointed("sku"),
        locations=pointed("location"),
        channels=pointed("channel"),
        sees=actor.sees_location,
    )
    channel, location = body.get("channel"), body.get("location")
    return KeepFacts(
        kind=body["kind"],
        quantity=body["quantity"],
        channel_id=found.channels[channel].id if channel else None,
        sku_id=found.skus[body["sku"]].id if body.get("sku") else None,
        category=body.get("category") or "",
        abc_class=body.get("abc_class") or "",
        location_id=found.places[location].id if location else None,
        starts_at=body.get("from"),
        until=body.get("until"),
        note=body.get("note") or "",
    )


def render_keep_rule(rule: KeepRule) -> dict[str, Any]:
    return {
        "code": rule.code,
        "kind": rule.kind,
        "channel": rule.channel.code if rule.channel else None,
        "quantity": rule.quantity,
        "sku": rule.sku.code if rule.sku else None,
        "category": rule.category or None,
        "abc_class": rule.abc_class or None,
        "location": rule.location.code if rule.location else None,
        "from": as_text(rule.starts_at),
        "until": as_text(rule.until),
        "note": rule.note or None,
        "state": state_of(rule, timezone.now()).value,
        "updated_at": exact_text(rule.updated_at),
    }


urlpatterns = [
    path("keep-rules", KeepRulesView.as_view()),
    path("keep-rules/<str:code>", KeepRuleView.as_view()),
]
