"""What orders store for a time: sourcing receipts, scans of pick lists."""

from datetime import timedelta

from core.retention.rules import Rule

# As long as tax law asks for books (docs/privacy.md); then the person of an order is erased.
BOOKS = timedelta(days=3_653)

SOURCING_RECEIPTS = Rule(
    period="sourcing_receipts",
    walk="""SELECT id, decided_at, decided_at FROM orders_sourcingreceipt
            WHERE id > %(after)s ORDER BY id LIMIT %(limit)s""",
    delete="DELETE FROM orders_sourcingreceipt WHERE id = ANY(%(keys)s)",
)
# From the oldest pick list that still has some.
PICK_SCANS = Rule(
    period="scans",
    walk="""SELECT id, created_at,
                   CASE WHEN state = 'abandoned' THEN updated_at ELSE completed_at END
            FROM orders_picklist
            WHERE id > %(after)s AND id >= (SELECT min(pick_list_id) FROM orders_scan)
            ORDER BY id LIMIT %(limit)s""",
    delete="DELETE FROM orders_scan WHERE pick_list_id = ANY(%(keys)s)",
    batch=100,
)
