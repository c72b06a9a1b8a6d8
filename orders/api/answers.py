"""Response serializers of orders and fulfilments, for the OpenAPI document."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from core.api.filters import UPDATED_AT
from orders.api.fields import MoneyField
from orders.choices import FulfilmentState, FulfilmentType, OrderState
from orders.masking import MASKED_ADDRESS, MASKED_RECEIPT, MASKED_TEXT


class FulfilmentLineAnswer(serializers.Serializer[Any]):
    line_id = serializers.CharField()
    sku = serializers.CharField()
    quantity = serializers.IntegerField()
    picked = serializers.IntegerField()
    arrived = serializers.IntegerField(help_text="From another building, at the shop")
    fulfilled = serializers.IntegerField()
    lost = serializers.IntegerField(help_text="By the carrier: no more in `quantity`")


class ToPutBackAnswer(serializers.Serializer[Any]):
    sku = serializers.CharField()
    location = serializers.CharField()
    quantity = serializers.IntegerField()


class PromiseAnswer(serializers.Serializer[Any]):
    ready_by = serializers.DateTimeField(required=False, allow_null=True)
    deliver_by = serializers.DateTimeField(required=False, allow_null=True)


class FulfilmentAnswer(serializers.Serializer[Any]):
    id = serializers.CharField()
    order = serializers.CharField()
    type = serializers.ChoiceField(FulfilmentType.choices)
    location = serializers.CharField()
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="The building that sends the goods to `location`"
    )
    state = serializers.ChoiceField(FulfilmentState.choices)
    lines = FulfilmentLineAnswer(many=True)
    promise = PromiseAnswer(allow_null=True)
    accepted_by = serializers.CharField()
    transfer = serializers.CharField(allow_null=True, help_text="That brings the goods")
    bay = serializers.CharField()
    carrier = serializers.CharField()
    tracking_number = serializers.CharField()
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    ready_at = serializers.DateTimeField(allow_null=True)
    pickup_expires_at = serializers.DateTimeField(allow_null=True)
    to_put_back = ToPutBackAnswer(
        many=True,
        help_text="Units in its box, tote or bay that are not wanted any more: not on sale until "
        "they are put back",
    )
    allowed_actions = serializers.ListField(child=serializers.CharField())


class HandOverAnswer(serializers.Serializer[Any]):
    type = serializers.ChoiceField(FulfilmentType.choices)
    location = serializers.CharField(allow_null=True)


class OrderLineAnswer(serializers.Serializer[Any]):
    line_id = serializers.CharField()
    sku = serializers.CharField()
    ordered = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    reserved = serializers.IntegerField()
    backordered = serializers.IntegerField()
    fulfilled = serializers.IntegerField()
    returned = serializers.IntegerField()
    unit_price = MoneyField()
    product_reference = serializers.CharField()
    fulfilment = HandOverAnswer()


class TotalsAnswer(serializers.Serializer[Any]):
    currency = serializers.CharField()
    ordered = MoneyField()
    cancelled = MoneyField()
    total = MoneyField()


class OrderAnswer(serializers.Serializer[Any]):
    number = serializers.CharField()
    channel = serializers.CharField()
    external_id = serializers.CharField()
    state = serializers.ChoiceField(OrderState.choices)
    currency = serializers.CharField()
    customer_id = serializers.CharField(allow_null=True)
    payment_reference = serializers.CharField()
    note = serializers.CharField(help_text=MASKED_TEXT)
    exchange_of = serializers.CharField(allow_null=True, help_text="A return that it replaces")
    ship_to = serializers.DictField(allow_null=True, help_text=MASKED_ADDRESS)
    lines = OrderLineAnswer(many=True)
    fulfilments = FulfilmentAnswer(many=True)
    totals = TotalsAnswer()
    allowed_actions = serializers.ListField(child=serializers.CharField())
    placed_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField(help_text=UPDATED_AT)
    sourcing_url = serializers.CharField()


class BatchResultAnswer(serializers.Serializer[Any]):
    external_id = serializers.CharField(allow_null=True)
    status = serializers.IntegerField()
    order = OrderAnswer(required=False)
    problem = serializers.DictField(required=False)


class BatchAnswer(serializers.Serializer[Any]):
    results = BatchResultAnswer(many=True)


class SourcingDecisionAnswer(serializers.Serializer[Any]):
    occasion = serializers.CharField()
    decided_at = serializers.DateTimeField()
    receipt = serializers.DictField(help_text=MASKED_RECEIPT)


class SourcingAnswer(serializers.Serializer[Any]):
    order = serializers.CharField()
    kept_days = serializers.IntegerField(
        allow_null=True, help_text="Decisions older than this have been deleted; null: none are"
    )
    decisions = SourcingDecisionAnswer(many=True)


class TimelineEntryAnswer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    type = serializers.CharField()
    text = serializers.CharField(help_text="Names no customer without `customers:read`")
    actor = serializers.CharField()
    subject = serializers.CharField()


class TimelineAnswer(serializers.Serializer[Any]):
    order = serializers.CharField()
    results = TimelineEntryAnswer(many=True)


class QuotedShareAnswer(serializers.Serializer[Any]):
    line_id = serializers.CharField()
    sku = serializers.CharField()
    location = serializers.CharField()
    quantity = serializers.IntegerField()
    type = serializers.ChoiceField(FulfilmentType.choices)
    source = serializers.CharField(  # type: ignore[assignment]
        allow_null=True, help_text="The building that sends the goods to `location`"
    )


class QuoteAnswer(serializers.Serializer[Any]):
    possible = serializers.BooleanField()
    allocations = QuotedShareAnswer(many=True)
    backordered = serializers.DictField(child=serializers.IntegerField())
    unmet = serializers.DictField(child=serializers.IntegerField())
    shortages = serializers.ListField(child=serializers.DictField())
    receipt = serializers.DictField(help_text=MASKED_RECEIPT)
