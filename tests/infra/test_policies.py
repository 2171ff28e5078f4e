"""What the reader of policies says is believed only when it read everything."""

import json
from pathlib import Path
from typing import Any

import pytest

from local.infra.policies import violations

CLEAN: dict[str, Any] = {
    "passed_checks": [{}],
    "failed_checks": [],
    "skipped_checks": [{"file_path": "a", "check_id": "X", "check_result": {"suppress_comment": "it is so"}}],
    "parsing_errors": [],
}


def said(tmp_path: Path, *, stderr: str = "", answer: str | None = None, **results: Any) -> list[str]:
    """What is made of an answer; the program that gives it stands in for checkov."""
    (tmp_path / "answer").write_text(json.dumps({"results": CLEAN | results}) if answer is None else answer)
    program = tmp_path / "checkov"
    program.write_text(f"#!/bin/sh\ncat '{tmp_path}/answer'\necho '{stderr}' >&2\n")
    program.chmod(0o755)
    return list(violations(tmp_path, program))


def test_a_clean_answer_has_nothing_against_it(tmp_path: Path) -> None:
    assert said(tmp_path) == []


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ({"failed_checks": [{"file_path": "/a", "file_line_range": [3, 9], "check_id": "CKV_1", "check_name": "Be good"}]},
         "/a:3: CKV_1 Be good"),
        ({"parsing_errors": ["/a"]}, "/a: not understood"),
        ({"skipped_checks": [{"file_path": "/a", "check_id": "CKV_1", "check_result": {"suppress_comment": " "}}]},
         "/a: CKV_1 is skipped without a reason"),
        ({"passed_checks": []}, "nothing was checked"),
        ({"stderr": "Failed to run check CKV_1"}, "a check broke off: Failed to run check CKV_1"),
        ({"answer": "no JSON"}, "checkov did not answer: "),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, results: dict[str, Any], says: str) -> None:
    assert said(tmp_path, **results) == [says]
