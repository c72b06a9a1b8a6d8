"""Bugs that lose units, or make some."""

from __future__ import annotations

from torture.bugs.bug import Bug, Change

BUGS = (
    Bug(
        "a till sale promises its goods and leaves them on the shelf",
        "units_are_conserved",
        (
            Change(
                "orders/commands/placing/write_orders.py",
                "reason=Reason.CARRIED_OUT,\n        actor=actor.name,\n        leaves=True,",
                "reason=Reason.CARRIED_OUT,\n        actor=actor.name,\n        leaves=False,",
            ),
        ),
    ),
    Bug(
        "a delivery is received under no reference",
        "each_act_moves_once",
        (
            Change(
                "inventory/commands/goods_in/receive.py",
                "on_hand=goods.units, reason=Reason.RECEIPT, reference=reference",
                'on_hand=goods.units, reason=Reason.RECEIPT, reference=""',
            ),
        ),
    ),
    Bug(
        "units that a picker did not find stay on sale",
        "units_apart_are_conserved",
        (
            Change(
                "orders/commands/fulfilment/reject.py",
                "actor=actor, goes_missing=True",
                "actor=actor",
            ),
        ),
    ),
    Bug(
        "units in a closed box are on sale once they are cancelled",
        "units_apart_are_conserved",
        (
            Change(
                "orders/commands/fulfilment/set_aside.py",
                "    in_hand = picked - line.picked\n",
                "    in_hand = 0\n",
            ),
        ),
    ),
    Bug(
        "units damaged on the way are put on sale",
        "units_apart_are_conserved",
        (
            Change(
                "inventory/commands/transfers/receive_transfer.py",
                "        if arrival.damaged:\n            entries",
                "        if arrival.damaged > 1:\n            entries",
            ),
        ),
    ),
    Bug(
        "safety stock is sold",
        "kept_units_are_not_sold",
        (
            Change(
                "inventory/queries/available/sellable.py",
                "            free[place] -= keeps\n",
                "",
            ),
            Change(
                "inventory/ledger/reservations.py",
                "- s.unavailable - s.safety_stock >= d.needs",
                "- s.unavailable >= d.needs",
            ),
        ),
    ),
    Bug(
        "a row of a file whose units are in part unavailable is set one unit too high",
        "a_figure_is_applied_once",
        (
            Change(
                "inventory/commands/counting/count_file.py",
                "Spot(sku_id, sku, location_id, location), on_hand, at=as_of)",
                "Spot(sku_id, sku, location_id, location), on_hand + 1, at=as_of)",
            ),
        ),
    ),
    Bug(
        "a count that comes late puts back what was sold since",
        "late_facts_stay_true",
        (
            Change(
                "inventory/queries/counting/since.py",
                "AND m.occurred_at > w.at",
                "AND m.occurred_at > w.at + interval '1 day'",
            ),
        ),
    ),
    Bug(
        "a look into the past shows the balance before the last movement",
        "time_travel_is_true",
        (
            Change(
                "inventory/queries/time_travel.py",
                "return self.last.on_hand_after if self.last else 0",
                "return self.last.on_hand_after - self.last.on_hand_delta if self.last else 0",
            ),
        ),
    ),
)
