"""Bugs in the feed, in locking, and in what must go on when a process dies."""

from __future__ import annotations

from torture.bugs.bug import Bug, Change

BUGS = (
    Bug(
        "a page of the feed begins one event too late",
        "feed_has_no_gaps",
        (
            Change(
                "core/outbox/feed.py",
                "r.first_id + %(after)s + 1 - r.first_sequence",
                "r.first_id + %(after)s + 2 - r.first_sequence",
            ),
        ),
    ),
    Bug(
        "events that commit late are never numbered",
        "announced_once",
        (
            Change(
                "core/outbox/relay.py",
                "            _note_gaps(cursor, _missing(last_id, new))\n",
                "",
            ),
        ),
    ),
    Bug(
        "a shipment is not announced",
        "announced_once",
        (
            Change(
                "orders/commands/fulfilment/fulfil.py",
                "    publish_fulfilments(event, [each.fulfilment for each in leaving], ",
                '    if event != "fulfilment.shipped":\n'
                "        publish_fulfilments(event, [each.fulfilment for each in leaving], ",
            ),
        ),
    ),
    Bug(
        "an order is announced twice",
        "announced_once",
        (
            Change(
                "orders/commands/placing/write_orders.py",
                'OutboxEvent("order.placed", f"orders/{number}", document, **about))',
                'OutboxEvent("order.placed", f"orders/{number}", document, **about))\n'
                "        if number[-1] == '3':\n"
                "            facts.append(facts[-1])",
            ),
        ),
    ),
    Bug(
        "the feed tells reserved units as nought",
        "the_feed_tells_the_balance",
        (Change("inventory/ledger/posting.py", "'reserved', c.reserved,", "'reserved', 0,"),),
    ),
    Bug(
        "stock rows are locked in the other order in half of the acts",
        "locks_have_one_order",
        (
            Change(
                "inventory/ledger/rows.py",
                "ORDER BY sku_id, location_id FOR UPDATE OF s",
                "ORDER BY sku_id DESC, location_id DESC FOR UPDATE OF s",
            ),
        ),
    ),
    Bug(
        "an answer does not wait until it is on the disk",
        "accepted_is_there_once",
        (
            Change(
                "core/embedded/postgres.py",
                '"full_page_writes": "on", "synchronous_commit": "on"}',
                '"full_page_writes": "on", "synchronous_commit": "off"}',
            ),
        ),
    ),
    Bug(
        "a database that has died stays dead",
        "it_recovers_in_time",
        (
            Change(
                "core/embedded/supervisor.py",
                '                self._revive("PostgreSQL", self._use.postgres)\n',
                "                pass\n",
            ),
        ),
    ),
    Bug(
        "holds of carts end only when another order needs their units",
        "waiting_work_is_done",
        (
            Change(
                "omniretail/celery.py",
                '"expire-reservations": {"task": "inventory.tasks.expire_reservations",'
                ' "schedule": 5.0},',
                '"expire-reservations": {"task": "inventory.tasks.expire_reservations",'
                ' "schedule": 5e6},',
            ),
        ),
    ),
    Bug(
        "a worker that has died is not started again",
        "waiting_work_is_done",
        (
            Change(
                "core/embedded/supervisor.py",
                "elif not child.is_running and child.backoff.is_over:",
                'elif child.name != "worker" and not child.is_running and child.backoff.is_over:',
            ),
        ),
    ),
)
