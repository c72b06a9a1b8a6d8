"""Look-ups of access, audit, stored answers and events; `base` is what every app's admin shares."""

from core.admin import access, audit, idempotency, outbox, security_log

__all__ = ["access", "audit", "idempotency", "outbox", "security_log"]
