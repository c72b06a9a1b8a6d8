"""Sending a file while the broker takes connections and says nothing."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from celery import current_app
from kombu import Connection
from kombu.pools import producers

from core.imports.models import Import
from tests.conftest import ApiCaller
from tests.factories import LocationFactory, SkuFactory
from tests.omniretail.files.import_helpers import apply_files, send


@pytest.fixture
def silent_broker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """A broker that hangs: who waits for its answer waits until it is closed."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        listener.settimeout(60)
        url = f"redis+socket://{tmp_path / 's'}"
        monkeypatch.setattr(current_app.amqp, "_producer_pool", producers[Connection(url)])
        yield listener


@pytest.mark.django_db(transaction=True)
def test_an_upload_does_not_wait_for_the_broker(
    api: ApiCaller, silent_broker: socket.socket
) -> None:
    LocationFactory(code="S1")
    SkuFactory(code="A1")
    for number in range(3):
        answer = send(api, "stock", f"sku,location,on_hand\nA1,S1,{number}\n")
        assert answer.status_code == 202, answer.content
    asked, _ = silent_broker.accept()
    asked.close()
    apply_files()
    assert set(Import.objects.values_list("state", flat=True)) == {"done"}
