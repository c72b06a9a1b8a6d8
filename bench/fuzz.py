"""What the OpenAPI document allows, and what it does not, sent to every endpoint.

    make fuzz

Starts the service in an environment of its own. schemathesis walks through the bounds of every
field, parameter, header and method that the document names, by rule and not at random, and checks
each answer: no 5xx, a status, media type, headers and body that the document has, and refusals of
what it does not allow. Exit code 1 when an answer is another one. More requests, at random:
`.venv/bin/python bench/fuzz.py --phases fuzzing,stateful --max-examples 100`.
"""

from __future__ import annotations

import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import schemathesis

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "unsupported_method",
    "allow_header_conformance",
)
SAME_BODY = "/api/v1/sourcing/quote"  # as placing an order, read by the same code
STANDS_ALONE = "POST /api/v1/orders/batch"  # a bad order there is refused within a 200


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: Any) -> None:
    """Let every request be an act of its own: with the same key as another it would end there."""
    key = (case.headers or {}).get("Idempotency-Key")
    if isinstance(key, str) and 0 < len(key) < 256 and key.isascii() and key.isprintable():
        case.headers["Idempotency-Key"] = uuid.uuid4().hex


@schemathesis.hook
def filter_case(context: Any, case: Any) -> bool:
    negative = case.meta is not None and case.meta.generation.mode.is_negative
    return not (negative and case.operation.label == STANDS_ALONE)


def main(more: list[str]) -> int:
    from environment import Environment

    here = Path(__file__).resolve()
    with Environment() as environment:
        command = [
            str(Path(sys.executable).with_name("schemathesis")), "run",
            f"{environment.url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {environment.key}",
            "--checks", ",".join(CHECKS),
            "--generation-deterministic",
            "--continue-on-failure", "--warnings", "off", "--request-timeout", "60",
            *(more or ["--phases", "coverage", "--workers", "2", "--exclude-path", SAME_BODY]),
        ]  # fmt: skip
        variables = environment.variables | {
            "SCHEMATHESIS_HOOKS": here.stem,
            "PYTHONPATH": str(here.parent),
        }
        return subprocess.run(command, cwd=environment.home, env=variables, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
