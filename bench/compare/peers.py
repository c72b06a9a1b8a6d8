"""The peers: what each needs to run, and how its stock is read."""

from __future__ import annotations

import secrets
from pathlib import Path

from peer import Peer
from psycopg.conninfo import conninfo_to_dict


def _oscar_environment(home: Path, address: str) -> dict[str, str]:
    return {"DJANGO_SETTINGS_MODULE": "oscar_site.settings", "OSCAR_DATABASE": address}


def _tryton_environment(home: Path, address: str) -> dict[str, str]:
    parts = conninfo_to_dict(address)
    password = home / "password"  # of its administrator, who never comes
    password.write_text(secrets.token_urlsafe())
    return {
        "TRYTOND_DATABASE_URI": "postgresql://{user}@/?host={host}&port={port}".format(**parts),
        "TRYTOND_DATABASE_NAMES": str(parts["dbname"]),
        "TRYTOND_DATABASE__RETRY": "100",  # of an act that met a lock; 5 would end in 503s
        "TRYTONPASSFILE": str(password),
    }


OSCAR = Peer(
    name="django-oscar",
    site="oscar_site",
    path="/orders",
    environment=_oscar_environment,
    migrate=("python", "-m", "django", "migrate", "--verbosity", "0"),
    stock="""
        SELECT num_in_stock, coalesce(num_allocated, 0),
               (SELECT coalesce(sum(quantity), 0) FROM order_line l
                WHERE l.partner_sku = s.partner_sku)
        FROM partner_stockrecord s WHERE partner_sku = %s""",
)
TRYTON = Peer(
    name="Tryton",
    site="tryton_site",
    path="/omniretail/orders",  # the first part is the database
    environment=_tryton_environment,
    migrate=(
        "trytond-admin", "--database", "omniretail", "--update", "stock",
        "--activate-dependencies", "--email", "admin@example.org",
    ),
    stock="""
        SELECT sum(m.quantity) FILTER (WHERE m.state = 'done' AND t.code = 'STO'),
               coalesce(sum(m.quantity) FILTER (WHERE m.state = 'assigned' AND f.code = 'STO'), 0),
               coalesce(sum(m.quantity) FILTER (WHERE t.code = 'CUS' AND o.state = 'assigned'), 0)
        FROM stock_move m
        JOIN product_product p ON p.id = m.product
        JOIN stock_location f ON f.id = m.from_location
        JOIN stock_location t ON t.id = m.to_location
        LEFT JOIN stock_shipment_out o ON m.shipment = 'stock.shipment.out,' || o.id
        WHERE p.code = %s""",
    one_in=8,
)  # fmt: skip
PEERS = {"oscar": OSCAR, "tryton": TRYTON}
