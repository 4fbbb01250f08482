"""The reference explains each public class: what it assumes, what its parts do, and an example that runs."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
NAMES = re.findall(r"^::: (\S+)$", (ROOT / "docs/reference.md").read_text(encoding="utf-8"), re.M)


def public(name: str) -> object:
    """What a line of the reference names."""
    module, _, last = name.rpartition(".")
    return getattr(import_module(module), last)


CLASSES = [name for name in NAMES if inspect.isclass(public(name))]


def test_the_reference_names_classes() -> None:
    assert len(CLASSES) >= 16


@pytest.mark.parametrize("name", CLASSES)
def test_a_public_class_is_explained(name: str) -> None:
    text = inspect.getdoc(public(name)) or ""
    assert 10 <= len(text.splitlines()) <= 30
    assert "assume" in text
    assert "\n\nExamples:\n    >>> " in text  # the header by which the site shows code


RUN = """
import doctest, inspect, sys
from importlib import import_module
for name in sys.argv[1:]:
    module = import_module(name.rpartition(".")[0])
    text = inspect.getdoc(getattr(module, name.rpartition(".")[2]))
    example = doctest.DocTestParser().get_doctest(text, dict(vars(module)), name, None, 0)
    doctest.DocTestRunner().run(example)
"""


def test_examples_run() -> None:
    """In a process of their own: as users run them, without the tests' shape checks."""
    command = [sys.executable, "-c", RUN, *CLASSES]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr
