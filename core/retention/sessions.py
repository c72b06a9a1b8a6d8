"""Sessions of people who signed in."""

from core.retention.rules import Rule

# By the end of their time: those that are deleted are not walked again.
SESSIONS = Rule(
    period="sessions",
    walk="""SELECT session_key, expire_date, expire_date FROM django_session
            ORDER BY expire_date LIMIT %(limit)s""",
    delete="DELETE FROM django_session WHERE session_key = ANY(%(keys)s)",
)
