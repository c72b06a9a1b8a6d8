"""The embedded broker keeps its queue, and never keeps the service down."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
import redis

from core.embedded.broker import Broker
from core.embedded.processes import is_alive, wait_until_gone


@pytest.fixture
def broker(home: Path) -> Broker:
    return Broker(home)


def queue(broker: Broker) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(broker.socket), decode_responses=True)


def test_a_queued_task_outlives_the_broker(broker: Broker) -> None:
    broker.start()
    with queue(broker) as client:
        client.rpush("celery", "relay")
        client.waitaof(1, 0, 5000)  # written to disk, as it is within a second by itself
    pid = broker.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    wait_until_gone(pid, seconds=10)

    assert Broker(broker.home).start()

    with queue(broker) as client:
        assert client.lrange("celery", 0, -1) == ["relay"]


def test_the_broker_of_a_killed_supervisor_is_adopted_and_stopped(broker: Broker) -> None:
    broker.start()
    pid = broker.pid()
    assert pid is not None
    other = Broker(broker.home)

    assert not other.start()
    assert other.pid() == pid
    other.stop()

    assert not is_alive(pid)


def test_a_queue_that_cannot_be_read_is_put_aside(broker: Broker) -> None:
    broker.start()
    broker.stop()
    for manifest in broker.folder.rglob("*.manifest"):
        manifest.write_text("half a line that no power cut should stop at")
    said: list[str] = []

    Broker(broker.home, report=said.append).start()

    assert broker.pid() is not None
    assert "cannot read its queue" in said[0]
    assert list(broker.folder.parent.glob("broker.unreadable-*"))
