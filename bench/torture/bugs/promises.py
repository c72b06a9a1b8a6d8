"""Bugs in what is promised: carts, orders, what their flags allow, what follows a refusal."""

from __future__ import annotations

from torture.bugs.bug import Bug, Change

BUGS = (
    Bug(
        "an order waits for stock though it must not",
        "flags_bind",
        (
            Change(
                "orders/api/order_body.py",
                'Policy(body["allow_split"], body["allow_backorder"], body["allow_partial"])',
                'Policy(body["allow_split"], True, body["allow_partial"])',
            ),
        ),
    ),
    Bug(
        "an order that must come from one building comes from several",
        "flags_bind",
        (
            Change(
                "orders/api/order_body.py",
                'Policy(body["allow_split"], body["allow_backorder"], body["allow_partial"])',
                'Policy(True, body["allow_backorder"], body["allow_partial"])',
            ),
        ),
    ),
    Bug(
        "a channel sells from buildings that it may not sell from",
        "channels_sell_from_their_buildings",
        (
            Change(
                "orders/commands/placing/plan_units.py",
                "if units > 0 and location_id in sells_from",
                "if units > 0",
            ),
            Change(
                "orders/queries/sites.py",
                "for place in map(network.places.__getitem__, source.location_ids)",
                "for place in network.places.values()",
            ),
        ),
    ),
    Bug(
        "a cart's time is over a minute early",
        "a_hold_is_kept",
        (
            Change(
                "inventory/ledger/reservations.py",
                "state = 'held' AND expires_at <= statement_timestamp(), group_id",
                "state = 'held' AND expires_at <= statement_timestamp() + interval '1 minute',"
                " group_id",
            ),
        ),
    ),
    Bug(
        "a cart that is released keeps its units",
        "each_reservation_has_an_owner",
        (
            Change(
                "inventory/commands/reserve.py",
                "        held, state=ReservationState.RELEASED",
                "        held[1:], state=ReservationState.RELEASED",
            ),
        ),
    ),
    Bug(
        "cancelled units stay reserved",
        "reserved_is_what_is_owned",
        (
            Change(
                "orders/commands/fulfilment/cancel.py",
                "        more = free(freed, actor=actor)\n",
                "        more = free(freed[1:], actor=actor)\n",
            ),
        ),
    ),
    Bug(
        "rejected units are sourced nowhere",
        "what_is_promised_is_someones_work",
        (
            Change(
                "orders/commands/fulfilment/reject.py",
                "wants=[(part.line.order_line_id, part.quantity) for part in parts]",
                "wants=[]",
            ),
        ),
    ),
    Bug(
        "orders wait beside goods that came",
        "none_waits_beside_goods",
        (
            Change(
                "orders/commands/settling/settle.py",
                "    if change.more and orders:\n",
                "    if False:\n",
            ),
            Change(
                "orders/tasks.py",
                "while skus and (reached := retry_conflicts(fill))",
                "while False and skus and (reached := retry_conflicts(fill))",
            ),
        ),
    ),
    Bug(
        "what is handed over is not written on the fulfilment",
        "what_left_is_fulfilled",
        (
            Change(
                "orders/commands/fulfilment/fulfil.py",
                'FulfilmentLine.objects.bulk_update(units, ["fulfilled"])',
                'FulfilmentLine.objects.bulk_update(units, ["picked"])',
            ),
        ),
    ),
    Bug(
        "only returns that are restocked count as returned",
        "what_came_back_is_returned",
        (
            Change(
                "orders/commands/returns/receive_return.py",
                "if part.is_here and part.line.order_line_id is not None:",
                'if part.disposition == "restock" and part.line.order_line_id is not None:',
            ),
        ),
    ),
    Bug(
        "any pickup code is right",
        "codes_are_checked",
        (
            Change(
                "orders/pickup_code.py",
                "    return _is_any(typed, [each.code for each in "
                "_passes(fulfilment_code, location)])",
                "    return bool(given)",
            ),
        ),
    ),
    Bug(
        "a scan that comes again counts again",
        "a_scan_counts_once",
        (
            Change(
                "inventory/commands/scans.py",
                "return [r for r in reads if first[r.scan_id] is r and r.scan_id not in stored]",
                "return [r for r in reads if first[r.scan_id] is r]",
            ),
            Change(
                "inventory/commands/scans.py",
                "return [one for one in judged if one.read.scan_id in new]",
                "return list(judged)",
            ),
        ),
    ),
)
