"""Logs that grow while their processes write on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from core.embedded import logs
from core.embedded.logs import open_log, set_large_ones_aside

WRITES = """
for line in iter(input, "end"):
    print(line, flush=True)
    print("said", file=sys.stderr, flush=True)
"""


class Writer:
    """A process that writes what it is told to its log, and says when it has."""

    def __init__(self, log: Path) -> None:
        with open_log(log) as output:
            self._process = subprocess.Popen(
                [sys.executable, "-c", f"import sys\n{WRITES}"],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
            )

    def write(self, line: str) -> None:
        assert self._process.stdin is not None
        assert self._process.stderr is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()
        assert self._process.stderr.readline() == "said\n"

    def end(self) -> None:
        self._process.communicate("end\n", timeout=60)


def test_a_large_log_is_set_aside_and_its_process_writes_on(tmp_path: Path) -> None:
    log, small = tmp_path / "web-1.log", tmp_path / "beat.log"
    small.write_text("short\n")
    writer = Writer(log)
    writer.write("a" * 500)
    assert set_large_ones_aside(tmp_path, largest=600) == []
    writer.write("b" * 500)
    assert set_large_ones_aside(tmp_path, largest=600) == ["web-1.log"]
    assert log.read_text() == ""
    writer.write("after")
    assert log.read_text() == "after\n", "no hole where the old lines were"
    for letter in "cd":
        writer.write(letter * 700)
        assert set_large_ones_aside(tmp_path, largest=600) == ["web-1.log"]
    writer.end()
    aside = tmp_path / "web-1.log.1"
    assert aside.read_text() == "d" * 700 + "\n", "one is kept"
    assert sorted(path.name for path in tmp_path.iterdir()) == [small.name, log.name, aside.name]
    assert small.read_text() == "short\n"


def test_a_large_log_is_set_aside_at_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logs, "LARGEST", 10)
    log = tmp_path / "web-1.log"
    log.write_text("of the run before\n")
    open_log(log).close()
    assert (log.read_text(), (tmp_path / "web-1.log.1").read_text()) == ("", "of the run before\n")


def test_a_log_without_room_for_its_copy_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "web-1.log"
    log.write_text("x" * 100)
    (tmp_path / "web-1.log.unfinished").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        set_large_ones_aside(tmp_path, largest=10)
    assert [path.name for path in tmp_path.iterdir()] == [log.name]
    assert len(log.read_text()) == 100


def test_logs_are_for_their_owner_alone(tmp_path: Path) -> None:
    log = tmp_path / "web-1.log"
    log.write_text("x" * 100)
    log.chmod(0o644)
    open_log(log).close()
    set_large_ones_aside(tmp_path, largest=10)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 2
