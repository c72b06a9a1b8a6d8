"""The one view: an order in JSON becomes a basket, and the basket an order of django-oscar's."""

from __future__ import annotations

import json
from typing import Any

from django.db import transaction
from django.http import HttpRequest, JsonResponse
from oscar.core.loading import get_class, get_model

Selector = get_class("partner.strategy", "Selector")
Free = get_class("shipping.methods", "Free")
OrderTotalCalculator = get_class("checkout.calculators", "OrderTotalCalculator")
OrderCreator = get_class("order.utils", "OrderCreator")
Basket = get_model("basket", "Basket")
Product = get_model("catalogue", "Product")
ShippingAddress = get_model("order", "ShippingAddress")
StockRecord = get_model("partner", "StockRecord")


def place_order(request: HttpRequest, *, locked: bool) -> JsonResponse:
    """Answer 201 with the order's number, or 409 when a line may not be bought.

    `locked` is what django-oscar does not do by itself: the stock records are locked before the
    basket is checked. Offers, vouchers, sessions, mails are left out.
    """
    wanted = json.loads(request.body)
    basket = fill_basket(wanted["lines"], locked=locked)
    refusals = [reason for line in basket.all_lines() if (reason := why_not(basket, line))]
    if refusals:
        transaction.set_rollback(True)  # a refused order leaves no basket behind
        return JsonResponse({"refused": refusals}, status=409)
    order = submit(basket, wanted)
    return JsonResponse({"number": order.number, "total": str(order.total_incl_tax)}, status=201)


def fill_basket(lines: list[dict[str, Any]], *, locked: bool) -> Any:
    skus = [line["sku"] for line in lines]
    if locked:
        list(StockRecord.objects.select_for_update().filter(partner_sku__in=skus).order_by("pk"))
    products = {
        product.upc: product
        for product in Product.objects.filter(upc__in=skus)
        .select_related("product_class")
        .prefetch_related("stockrecords")
    }
    basket = Basket.objects.create()
    basket.strategy = Selector().strategy()
    for line in lines:
        basket.add_product(products[line["sku"]], line["quantity"])
    return basket


def why_not(basket: Any, line: Any) -> str:
    """Return why a line may not be bought, as the checkout asks just before it submits."""
    availability = basket.strategy.fetch_for_line(line).availability
    permitted, reason = availability.is_purchase_permitted(line.quantity)
    return "" if permitted else str(reason)


def submit(basket: Any, wanted: dict[str, Any]) -> Any:
    to = wanted["ship_to"]
    address = ShippingAddress.objects.create(
        first_name=to["first_name"],
        last_name=to["last_name"],
        line1=to["line1"],
        line4=to["city"],
        postcode=to["postal_code"],
        country_id=to["country"],
    )
    method = Free()
    charge = method.calculate(basket)
    order = OrderCreator().place_order(
        basket=basket,
        total=OrderTotalCalculator().calculate(basket, charge),
        shipping_method=method,
        shipping_charge=charge,
        shipping_address=address,
        guest_email=wanted["email"],
    )
    basket.submit()
    return order
