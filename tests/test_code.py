"""What the code itself must not do: found by reading it, not by running it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.environment import ROOT

SHIPPED = ["apps", "ml", "portal", "manage.py"]
ORM = frozenset(
    "filter exclude get annotate alias aggregate order_by values values_list create update"
    " get_or_create update_or_create".split()
)
# Where the words of a sender are found.
SENT = re.compile(r"\b(request|GET|POST|META|headers|cleaned_data|validated_data|query_params)\b")
STATEMENT = re.compile(r"\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|WHERE|ORDER BY)\b")


@cache
def modules() -> list[tuple[Path, list[ast.AST]]]:
    """Return every module that is shipped, with all that stands in it."""
    files = [file for name in SHIPPED for file in (*(ROOT / name).rglob("*.py"), ROOT / name)]
    return [
        (file.relative_to(ROOT), list(ast.walk(ast.parse(file.read_text()))))
        for file in sorted(files)
        if file.suffix == ".py"
    ]


@pytest.mark.S13
@pytest.mark.slow
def test_bandit_finds_nothing_of_medium_severity_or_above():
    command = [sys.executable, "-m", "bandit", "-r", "-ll", "-q", *SHIPPED]
    found = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)

    assert found.returncode == 0, found.stdout.decode()


@pytest.mark.S5
@pytest.mark.S13
@pytest.mark.slow
def test_what_a_sender_wrote_never_becomes_part_of_a_question_to_the_database():
    """Bandit only sees that texts are joined (nosec B608); here is of what."""
    faults = []
    for path, nodes in modules():
        for node in nodes:
            parts = []
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                if node.func.attr in ORM:
                    parts = [word.value for word in node.keywords if word.arg is None]
                elif node.func.attr == "format" and STATEMENT.search(ast.unparse(node.func)):
                    parts = [*node.args, *(word.value for word in node.keywords)]
            elif isinstance(node, ast.JoinedStr) and STATEMENT.search(ast.unparse(node)):
                parts = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
            faults += [
                f"{path}:{node.lineno} {ast.unparse(part)}"
                for part in parts
                if SENT.search(ast.unparse(part))
            ]

    assert faults == []


@pytest.mark.S13
@pytest.mark.slow
def test_nothing_reads_pickles_or_runs_texts():
    forbidden = {"pickle", "marshal", "shelve", "dill", "joblib", "eval", "exec"}
    faults = []
    for path, nodes in modules():
        for node in nodes:
            if isinstance(node, ast.Import):
                names = {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom):
                names = {(node.module or "").split(".")[0]}
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                names = {node.func.id}
            else:
                continue
            faults += [f"{path}:{node.lineno} {name}" for name in names & forbidden]

    # Weights of the registry: their checksum comes first, and four names may stand in them.
    assert faults == ["ml/checkpoints.py:13 pickle"]
