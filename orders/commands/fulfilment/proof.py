"""How a customer proves at the counter that the goods are theirs; wrong codes are counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

from core.access.principal import Principal
from core.audit.models import Outcome
from core.audit.record import record
from orders.commands.fulfilment.common import save_step, subject_of
from orders.commands.fulfilment.identity import Identity
from orders.errors import PickupLocked, WrongPickupCode
from orders.models import Fulfilment
from orders.pickup_code import MAX_WRONG_CODES, is_right_code, is_right_qr

WRONG_CODE = "wrong_pickup_code"


@dataclass(frozen=True, slots=True)
class Proof:
    """How the customer was identified: exactly one of the three is given."""

    code: str = ""
    qr: str = ""
    identity: Identity | None = None

    def opens(self, fulfilment_code: str, location: str) -> bool:
        """Say whether the code or the QR code is that of a fulfilment at a location."""
        if self.code:
            return is_right_code(fulfilment_code, location, self.code)
        return is_right_qr(fulfilment_code, location, self.qr)

    def told(self) -> str:
        """Say which proof was given, and never its secret."""
        if self.identity:
            return self.identity.document.value
        return "code" if self.code else "qr"


def refuse_locked(fulfilments: Sequence[Fulfilment]) -> None:
    """Refuse codes of locked fulfilments after too many wrong ones."""
    if any(fulfilment.wrong_codes >= MAX_WRONG_CODES for fulfilment in fulfilments):
        raise PickupLocked()


def count_wrong(fulfilments: Sequence[Fulfilment], *, actor: Principal) -> NoReturn:
    """Count a wrong code of these locked fulfilments and refuse it; their locks serialise guesses.

    The caller that catches the refusal must commit the count. The audit keeps who tried, and when,
    after a right code has set the count back.
    """
    for fulfilment in fulfilments:
        fulfilment.wrong_codes += 1
        save_step(fulfilment, "wrong_codes")
        subject = subject_of(fulfilment)
        record(actor=actor, action=WRONG_CODE, subject=subject, security=Outcome.REFUSED)
    most = max(fulfilment.wrong_codes for fulfilment in fulfilments)
    raise WrongPickupCode(remaining_tries=MAX_WRONG_CODES - most)
