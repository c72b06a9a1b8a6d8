"""Bugs in answers: repeats, refusals, reads."""

from __future__ import annotations

from torture.bugs.bug import Bug, Change

BUGS = (
    Bug(
        "an Idempotency-Key is forgotten",
        "a_repeat_is_the_same_answer",
        (
            Change(
                "core/idempotency/answers.py",
                "ON a.owner = %(owner)s::text AND a.key = w.key",
                "ON a.owner = %(owner)s::text AND a.key = w.key AND false",
            ),
            Change(
                "core/idempotency/answers.py",
                "FROM unnest(%b::text[], %b::bytea[], %s::int[], %b::text[])",
                "FROM unnest(%b::text[], %b::bytea[], %s::int[], %b::text[])"
                " ON CONFLICT DO NOTHING",
            ),
        ),
    ),
    Bug(
        "refusals are not kept, so that a repeat may be accepted",
        "a_repeat_is_the_same_answer",
        (
            Change(
                "core/idempotency/execute.py",
                "if outcome.status in INVALID:",
                "if outcome.status >= 400:",
            ),
        ),
    ),
    Bug(
        "the same order under a new key is not recognised",
        "the_same_order_is_known",
        (
            Change(
                "orders/commands/placing/place.py",
                "        if name in existing:\n",
                "        if name in existing and not existing:\n",
            ),
        ),
    ),
    Bug(
        "requests that are committed together get each other's answers",
        "lines_are_as_ordered",
        (
            Change(
                "core/idempotency/group_commit.py",
                "for request, answer in zip(requests, answers, strict=True):",
                "for request, answer in zip(requests, reversed(answers), strict=True):",
            ),
        ),
    ),
    Bug(
        "a refusal is rolled back only where a constraint is met",
        "refused_left_nothing",
        (
            Change(
                "orders/api/orders.py",
                "        outcome.problem or "
                "(outcome.status, released(outcome.document, actor=actor))\n",
                "        outcome.problem\n"
                "        or (\n"
                "            (409, {'code': 'insufficient_stock', 'lines': []})\n"
                "            if outcome.status == 201 and outcome.document['number'][-1] == '7'\n"
                "            else (outcome.status, outcome.document)\n"
                "        )\n",
            ),
        ),
    ),
    Bug(
        "a dead database is an unforeseen error",
        "no_answer_is_500",
        (
            Change(
                "core/problems/handler.py",
                "    if is_database_away(error):\n",
                "    if False:\n",
            ),
        ),
    ),
    Bug(
        "a refusal does not say when to come again",
        "refusals_say_when",
        (
            Change(
                "core/problems/catalogue.py",
                '    title = "Try again shortly"\n    headers = {"Retry-After": "1"}\n',
                '    title = "Try again shortly"\n',
            ),
        ),
    ),
    Bug(
        "what is available is shown without what is set apart",
        "reads_add_up",
        (
            Change(
                "inventory/api/stock.py",
                '"available": row["on_hand"] - reserved - row["unavailable"],',
                '"available": row["on_hand"] - reserved,',
            ),
        ),
    ),
    Bug(
        "balances are kept in a web process for some seconds",
        "reads_never_go_back",
        (
            Change(
                "inventory/queries/stock.py",
                "    return run_named(_READ, [numbers(stock_ids)])",
                "    import time\n\n"
                "    ids = tuple(stock_ids)\n"
                "    known = _known.get(ids)\n"
                "    if known is None or time.monotonic() - known[0] > 5:\n"
                "        known = (time.monotonic(), run_named(_READ, [numbers(ids)]))\n"
                "        _known[ids] = known\n"
                "    return known[1]\n\n\n"
                "_known: dict[Any, Any] = {}",
            ),
        ),
    ),
    Bug(
        "an erased customer's orders keep their address",
        "erased_is_gone",
        (
            Change(
                "orders/personal_data.py",
                '            Column("ship_to", Kind.ADDRESS, _COUNTRY),\n',
                "",
            ),
        ),
    ),
)
