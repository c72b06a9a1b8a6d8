"""What is kept from sale: rules made by people, and what a page of the stock says."""

from __future__ import annotations

import pytest
from django.test import Client

from core.audit.models import AuditRecord
from inventory.models import KeepRule, Stock
from orders.models import OrderLine
from stores.models import Channel
from tests.conftest import ApiCaller
from tests.factories import ChannelFactory, KeepRuleFactory
from tests.omniretail.admin.admin_helpers import errors_in, form_of, page, place, rows_in, text_of

pytestmark = pytest.mark.django_db


RULE = {"code": "friday", "kind": "ring_fence", "quantity": 10, "note": "Newsletter"}


def test_a_keep_rule_is_made_changed_and_removed(staff: Client, day: str) -> None:
    web = Channel.objects.get()
    assert "There is no rule yet" not in text_of(staff.get(page("changelist", KeepRule)))
    assert staff.post(page("add", KeepRule), RULE | {"channel": web.pk}).status_code == 302
    rule = KeepRule.objects.get(code="friday")
    assert (rule.channel, rule.quantity, rule.note) == (web, 10, "Newsletter")
    address = page("change", KeepRule, rule.pk)
    over = {"until_0": "2026-01-02", "until_1": "18:00:00"}
    assert staff.post(address, form_of(staff, address) | {"quantity": 4} | over).status_code == 302
    rule.refresh_from_db()
    assert (rule.quantity, rule.version) == (4, 2)
    shown = text_of(staff.get(page("changelist", KeepRule)))
    for words in ("Over", "2 Jan 2026 18:00:00", "Active", "no channel: safety stock", "SKU A1"):
        assert words in shown, words
    assert rows_in(staff.get(page("changelist", KeepRule, state="over"))) == 1
    assert rows_in(staff.get(page("changelist", KeepRule, state="upcoming"))) == 0
    assert staff.post(page("delete", KeepRule, rule.pk), {"post": "yes"}).status_code == 302
    actions = AuditRecord.objects.filter(subject="keep-rules/friday").order_by("id")
    assert [record.action for record in actions] == [
        "keep_rule.made",
        "keep_rule.changed",
        "keep_rule.removed",
    ]


def test_an_empty_list_of_keep_rules_says_what_to_do(staff: Client) -> None:
    assert "There is no rule yet: add one" in text_of(staff.get(page("changelist", KeepRule)))


def test_a_keep_rule_is_checked_as_the_api_checks_it(staff: Client, day: str) -> None:
    moments = {"starts_at_0": "2026-01-02", "starts_at_1": "18:00:00"}
    moments |= {"until_0": "2026-01-02", "until_1": "17:00:00"}
    answer = staff.post(page("add", KeepRule), RULE | moments | {"quantity": 0})
    assert errors_in(answer).keys() == {"channel", "quantity", "until"}
    channel = {"channel": Channel.objects.get().pk}
    answer = staff.post(page("add", KeepRule), RULE | channel | {"kind": "safety_stock"})
    assert errors_in(answer).keys() == {"channel"}
    assert not KeepRule.objects.filter(code="friday").exists()


def test_removing_rules_fills_the_orders_that_wait(staff: Client, api: ApiCaller, day: str) -> None:
    web = ChannelFactory(code="pos")
    for code in ("x", "y"):
        KeepRuleFactory(code=code, kind="ring_fence", channel=web, quantity=500)
    place(api, "waits", allow_backorder=True)
    line = OrderLine.objects.get(order__external_id="waits")
    assert line.backordered == 1
    picked = KeepRule.objects.exclude(code="walk-ins").values_list("pk", flat=True)
    bulk = {"action": "delete_selected", "post": "yes", "_selected_action": list(picked)}
    assert staff.post(page("changelist", KeepRule), bulk).status_code == 302
    line.refresh_from_db()
    assert (line.backordered, line.reserved) == (0, 1)


def test_stock_says_what_is_kept_and_why(staff: Client, day: str) -> None:
    for address in (
        page("changelist", Stock),
        page("change", Stock, Stock.objects.get(location__code="W1").pk),
    ):
        shown = text_of(staff.get(address))
        assert "3 safety stock (rule walk-ins)" in shown
        assert "2 for web" in shown
