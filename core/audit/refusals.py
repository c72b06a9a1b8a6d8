"""Recording refusals, few of each source a minute, whatever becomes of the transaction."""

from __future__ import annotations

import logging
from typing import Any

from django.db import Error, transaction

from core.access.address import address_of
from core.access.principal import SYSTEM, Principal
from core.audit.bound import BOUND
from core.audit.models import Outcome
from core.audit.record import record
from core.audit.source import SOURCE, current_source
from core.metrics.counters import SECURITY_LEFT_OUT

log = logging.getLogger("core.audit")

UNKNOWN = Principal(id="anonymous", name="anonymous", scopes=frozenset())
LARGEST = 10  # sources that the record of what was left out names


def record_refusal(*, actor: Principal, action: str, subject: str, **data: Any) -> None:
    """Record that something was refused. Call it outside of the transaction of the act."""
    source = current_source()
    address = address_of(source.request) if source else ""
    if source:
        source.is_refusal_recorded = True
    if not BOUND.admits(address if actor is UNKNOWN else actor.id):
        SECURITY_LEFT_OUT.inc()
        return
    try:
        with transaction.atomic():
            record(actor=actor, action=action, subject=subject, security=Outcome.REFUSED, **data)
            _record_left_out()
    except Error as error:  # the refusal itself must be answered
        log.warning("a refusal is not recorded: %s", error)


def _record_left_out() -> None:
    left_out = BOUND.take_left_out()
    if not left_out:
        return
    token = SOURCE.set(None)  # it is not about the request that is being answered
    try:
        record(
            actor=SYSTEM,
            action="security_log.left_out",
            subject="security_log",
            security=Outcome.REFUSED,
            count=left_out.total(),
            largest=dict(left_out.most_common(LARGEST)),
        )
    finally:
        SOURCE.reset(token)
