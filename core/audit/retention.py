"""How long the security log is kept. Other audit records stay."""

from core.retention.rules import Rule

# The oldest first: those that are deleted are not walked again.
SECURITY_RECORDS = Rule(
    period="security",
    walk="""SELECT id, at, at FROM audit_auditrecord WHERE kind = 'security'
            ORDER BY at, id LIMIT %(limit)s""",
    delete="SELECT audit_expire(%(keys)s)",  # the last thirty days stay
)
