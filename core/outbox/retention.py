"""Events of the feed, where an operator does not want them for ever."""

from core.retention.rules import Rule

# Whole runs: those left still number their events without gaps. The newest stays, because the
# relay may be adding events to it.
EVENTS = Rule(
    period="events",
    walk="""SELECT first_sequence, time, time
            FROM outbox_run r JOIN outbox_event e ON e.id = r.first_id + r.length - 1
            WHERE first_sequence > %(after)s
              AND first_sequence < (SELECT max(first_sequence) FROM outbox_run)
            ORDER BY first_sequence LIMIT %(limit)s""",
    delete="SELECT outbox_delete_runs(%(keys)s)",  # the last seven days stay
    batch=1,  # a run has thousands of events
)
