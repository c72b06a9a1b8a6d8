"""The one route: an order in JSON becomes a customer shipment with its goods assigned.

As its clients do, each act is a transaction of its own, which Tryton runs again when it meets a
lock. Sales, prices, invoices are left out; the customer and the address are known ones.
"""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

from trytond.application import app
from trytond.protocols.wrappers import Request, Response, with_pool, with_transaction
from trytond.transaction import Transaction

application = app
COMPANY = 1  # the only one
act = with_transaction(context={"company": COMPANY})


@app.route("/<database_name>/orders", methods={"POST"})
@with_pool
def place_order(request: Request, pool: Any) -> Response:
    """Answer 201 with the shipment's number, or 409 when not all its goods could be assigned."""
    shipment, number = write(request, pool)
    status = 201 if assign(request, pool, shipment) else 409
    if status == 409:
        cancel(request, pool, shipment)
    return Response(json.dumps({"number": number}), status, content_type="application/json")


@act
def write(request: Request, pool: Any) -> tuple[int, str]:
    shipment = draft(pool, request.json["lines"])
    pool.get("stock.shipment.out").wait([shipment])
    return shipment.id, shipment.number


@act
def assign(request: Request, pool: Any, shipment: int) -> bool:
    shipments = pool.get("stock.shipment.out")
    shipments.assign_try([shipments(shipment)])
    if shipments(shipment).state == "assigned":
        return True
    Transaction().rollback()  # what could be assigned of it
    return False


@act
def cancel(request: Request, pool: Any, shipment: int) -> None:
    shipments = pool.get("stock.shipment.out")
    shipments.cancel([shipments(shipment)])


def draft(pool: Any, lines: list[dict[str, Any]]) -> Any:
    products = pool.get("product.product").search([("code", "in", [line["sku"] for line in lines])])
    by_code = {product.code: product for product in products}
    (buyer,) = pool.get("party.party").search([("name", "=", "Buyer")])
    (warehouse,) = pool.get("stock.location").search([("code", "=", "WH")])
    company = pool.get("company.company")(COMPANY)
    move, shipments = pool.get("stock.move"), pool.get("stock.shipment.out")
    shipment = shipments(
        company=company,
        customer=buyer,
        delivery_address=buyer.addresses[0],
        warehouse=warehouse,
        warehouse_storage=warehouse.storage_location,
        warehouse_output=warehouse.output_location,
        outgoing_moves=[
            move(
                product=by_code[line["sku"]],
                unit=by_code[line["sku"]].default_uom,
                quantity=line["quantity"],
                from_location=warehouse.output_location,
                to_location=buyer.customer_location,
                company=company,
                unit_price=Decimal("9.99"),
                currency=company.currency,
            )
            for line in lines
        ],
    )
    shipment.save()
    return shipment
