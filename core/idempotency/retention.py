"""Stored answers, which the contract of the API keeps for 72 hours."""

from core.retention.rules import Rule

STORED_ANSWERS = Rule(
    period="stored_answers",
    walk="""SELECT id, created_at, created_at FROM idempotency_storedanswer
            WHERE id > %(after)s ORDER BY id LIMIT %(limit)s""",
    delete="DELETE FROM idempotency_storedanswer WHERE id = ANY(%(keys)s)",
)
