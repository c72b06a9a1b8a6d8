"""A copy of the code, to be changed: what is shipped is never touched."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from environment import REPOSITORY

from torture.bugs.bug import Bug

PACKAGES = ("core", "omniretail", "stores", "inventory", "orders")
ELSEWHERE = ("tests/*", "docs/*", "bench/*", "*.md")  # of a patch: not part of the copy


def copy_commit(folder: Path) -> Path | None:
    """Copy the code of the commit before the newest migration; None without a history."""
    newest = _git("log", "-1", "--format=%H", "--", ":(glob)*/**/migrations/0*.py").strip()
    archive = folder / "old.tar"
    if newest:
        _git("archive", f"--output={archive}", f"{newest}^")
    if not archive.exists():
        return None
    folder.chmod(0o755)
    shutil.unpack_archive(archive, folder)
    archive.unlink()
    return folder


def _git(*words: str) -> str:
    """Return what git says of this checkout, nothing where it fails."""
    done = subprocess.run(
        ["git", *words], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    return done.stdout if done.returncode == 0 else ""


def copy_code(folder: Path, *, bug: Bug | None = None, patch: str | None = None) -> Path:
    """Copy the service's packages, seed a bug, apply a patch; return the folder.

    Ends the run when either does not fit the code.
    """
    folder.chmod(0o755)
    for name in PACKAGES:
        shutil.copytree(
            REPOSITORY / name, folder / name, ignore=shutil.ignore_patterns("__pycache__")
        )
    shutil.copy(REPOSITORY / "manage.py", folder / "manage.py")
    if bug:
        bug.seed(folder)
    if patch:
        left_out = [f"--exclude={pattern}" for pattern in ELSEWHERE]
        applied = subprocess.run(
            ["git", "apply", *left_out, str(Path(patch).resolve())],
            cwd=folder, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if applied.returncode:
            raise SystemExit(f"{patch} does not fit: {applied.stderr.strip()}")
    return folder
