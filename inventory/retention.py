"""What the stock pool stores for a time: ended reservations, scans of transfers."""

from core.retention.rules import Rule

# No balance changes: ended reservations hold nothing, and the ledger says what became of their
# units. A cart goes as a whole: some of its lines without the others would be another cart.
ENDED_RESERVATIONS = Rule(
    period="reservations",
    walk="""SELECT id, created_at, CASE
                WHEN state IN ('held', 'confirmed') THEN NULL
                WHEN EXISTS (SELECT FROM inventory_reservation o WHERE o.group_id = r.group_id
                             AND o.state IN ('held', 'confirmed')) THEN NULL
                ELSE created_at END
            FROM inventory_reservation r WHERE id > %(after)s ORDER BY id LIMIT %(limit)s""",
    delete="""WITH carts AS (
                DELETE FROM inventory_reservationgroup g
                WHERE id IN (SELECT group_id FROM inventory_reservation WHERE id = ANY(%(keys)s))
                  AND NOT EXISTS (SELECT FROM inventory_reservation r
                                  WHERE r.group_id = g.id AND r.id <> ALL(%(keys)s))
              )
              DELETE FROM inventory_reservation WHERE id = ANY(%(keys)s)""",
)
# From the oldest transfer that still has some.
TRANSFER_SCANS = Rule(
    period="scans",
    walk="""SELECT id, created_at,
                   CASE WHEN state = 'cancelled' THEN updated_at ELSE received_at END
            FROM inventory_transfer
            WHERE id > %(after)s
              AND id >= (SELECT min(transfer_id) FROM inventory_transferscan)
            ORDER BY id LIMIT %(limit)s""",
    delete="DELETE FROM inventory_transferscan WHERE transfer_id = ANY(%(keys)s)",
    batch=100,
)
