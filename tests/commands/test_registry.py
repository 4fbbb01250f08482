"""A command is a file and a row; what a terminal shows while one works is decided in one place."""

from __future__ import annotations

import warnings
from pathlib import Path

import pytest

from style3d import commands
from style3d.cli import COMMANDS, Command, main
from style3d.commands.progress_bars import show_progress

GREET = """
from dataclasses import dataclass

from style3d.commands.parse import parse


@dataclass(frozen=True)
class Greeting:
    '''Greet somebody.'''

    name: str
    '''Who is greeted.'''


def run(arguments):
    print("hello,", parse(Greeting, "greet", arguments, Greeting.__doc__).name)
    return 0
"""


def test_a_file_and_a_row_add_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    (tmp_path / "greet.py").write_text(GREET)
    monkeypatch.setattr(commands, "__path__", [*commands.__path__, str(tmp_path)])
    monkeypatch.setitem(COMMANDS, "greet", Command("greet", "--name NAME", "greet somebody"))
    assert main(["greet", "--name", "Ada"]) == 0
    assert capsys.readouterr().out == "hello, Ada\n"
    assert main(["greet", "--nam", "Ada"]) == 2
    assert "--nam" in capsys.readouterr().err
    assert main(["--help"]) == 0
    assert "style3d greet --name NAME" in capsys.readouterr().out


def test_every_command_has_a_row() -> None:
    files = Path(commands.__path__[0]).glob("*.py")
    assert set(COMMANDS) == {file.stem for file in files if "\ndef run(" in file.read_text(encoding="utf-8")}
    assert all(name == row.name for name, row in COMMANDS.items())


def test_every_line_of_help_stands_alone(capsys) -> None:
    main(["--help"])
    text = capsys.readouterr().out
    assert "likewise" not in text
    assert all(f"{row.summary}\n" in text for row in COMMANDS.values())


def test_only_known_warnings_stay_away_and_only_meanwhile() -> None:
    beta = "Sparse CSR tensor support is in beta state."
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        with show_progress(quiet=True):
            warnings.warn(beta, UserWarning, stacklevel=1)
            warnings.warn_explicit("old", FutureWarning, "x.py", 1, module="torchvision.models")
            warnings.warn("your file is odd", UserWarning, stacklevel=1)
        warnings.warn(beta, UserWarning, stacklevel=1)
    assert [str(warning.message) for warning in heard] == ["your file is odd", beta]
