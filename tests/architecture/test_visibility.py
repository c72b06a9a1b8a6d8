"""Each model says whom its rows concern, or stands in a list of those that concern no place."""

from __future__ import annotations

from itertools import product

import pytest
from django.apps import apps
from django.db import models

from core.access.principal import Principal
from core.access.visibility import Visible

OUR_APPS = ("access", "audit", "idempotency", "imports", "outbox", "stores", "inventory", "orders")

# Rows that concern all alike, or that no endpoint and no role reads.
OF_NO_PLACE = {
    "access.ApiClient": "for superusers alone",
    "access.ApiKey": "for superusers alone",
    "access.User": "for superusers alone",
    "audit.Seal": "places in the chain of the audit, which no endpoint reads",
    "idempotency.StoredAnswer": "read by the client that was answered",
    "inventory.Barcode": "the catalogue is for all",
    "inventory.Product": "the catalogue is for all",
    "inventory.Sku": "the catalogue is for all",
    "orders.Erasure": "a note for the search of late copies, which no endpoint reads",
    "outbox.Event": "omniretail.api.events knows the orders that events are about",
    "outbox.Gap": "a note of the relay's",
    "outbox.Relay": "a note of the relay's",
    "outbox.Run": "a note of the relay's",
    "stores.NetworkRevision": "a counter",
}

TIES = [None, frozenset({"mine"}), frozenset({"mine", "another"})]


def ours() -> list[type[models.Model]]:
    return [each for each in apps.get_models() if each._meta.app_label in OUR_APPS]


def test_each_model_has_a_rule_or_a_reason_for_none() -> None:
    without = {each._meta.label for each in ours() if not issubclass(each, Visible)}

    assert without == set(OF_NO_PLACE)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "model", [each for each in ours() if issubclass(each, Visible)], ids=lambda each: each.__name__
)
def test_a_rule_is_of_ties_and_of_nothing_else(model: type[Visible]) -> None:
    for channels, locations in product(TIES, TIES):
        client = Principal(
            "client:1", "key", frozenset({"*"}), channels=channels, locations=locations
        )
        assert bool(model.visibility(client)) == client.is_tied
        assert list(model.objects.visible_to(client)) == []
