"""Fill the company: `python -m tryton_site.fill PRODUCTS RACES UNITS`."""

from __future__ import annotations

import datetime
import os
import sys
from decimal import Decimal
from typing import Any

from trytond.pool import Pool
from trytond.transaction import Transaction

DATABASE = os.environ["TRYTOND_DATABASE_NAMES"]
PLENTY = 1_000_000


def main(products: int, races: int, units: int) -> None:
    stocked = {f"K{number}": PLENTY for number in range(products)}
    stocked |= {f"RACE-{number}": units for number in range(races)}
    Pool.start()
    pool = Pool(DATABASE)
    pool.init()
    with Transaction().start(DATABASE, 0) as transaction:
        company = open_company(pool)
        with transaction.set_context(company=company.id):
            stock(pool, company, stocked)
        transaction.commit()


def open_company(pool: Any) -> Any:
    (pound,) = pool.get("currency.currency").create(
        [{"name": "Pound", "code": "GBP", "symbol": "£"}]
    )
    party = pool.get("party.party")
    owner, _ = party.create(
        [
            {"name": name, "addresses": [("create", [{"street": "1 Road", "city": "London"}])]}
            for name in ("Shop", "Buyer")
        ]
    )
    (company,) = pool.get("company.company").create([{"party": owner.id, "currency": pound.id}])
    return company


def stock(pool: Any, company: Any, stocked: dict[str, int]) -> None:
    """Make the products, and move the goods in."""
    location, template = pool.get("stock.location"), pool.get("product.template")
    move, product = pool.get("stock.move"), pool.get("product.product")
    (unit,) = pool.get("product.uom").search([("symbol", "=", "u")])
    (supplier,) = location.search([("code", "=", "SUP")])
    (storage,) = location.search([("code", "=", "STO")])
    template.create(
        [
            {
                "name": sku,
                "type": "goods",
                "default_uom": unit.id,
                "products": [("create", [{"suffix_code": sku}])],
            }
            for sku in stocked
        ]
    )
    today = datetime.date.today()
    move.create(
        [
            {
                "product": each.id,
                "unit": unit.id,
                "quantity": stocked[each.code],
                "from_location": supplier.id,
                "to_location": storage.id,
                "company": company.id,
                "unit_price": Decimal("1"),
                "currency": company.currency.id,
                "effective_date": today,
            }
            for each in product.search([("code", "!=", None)])
        ]
    )
    # Doing each of thousands of moves would work out cost prices, which are not needed here.
    with Transaction().connection.cursor() as cursor:
        cursor.execute("UPDATE stock_move SET state = 'done'")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
