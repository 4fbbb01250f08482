"""Pairs of colours as people write them: read, written, and refused in one line."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.cli import main
from style3d.errors import Style3DError
from style3d.job.cast import cast_pairs, cast_word, check_cast


def test_pairs_come_back() -> None:
    assert cast_pairs(("#ff0080>#000000",)) == (((1.0, 0.0, 128 / 255), (0.0, 0.0, 0.0)),)
    assert cast_word(*cast_pairs(("#2b1d14>#0D1533",))[0]) == "#2b1d14>#0d1533"
    assert cast_word((1.7, -3.0, 0.5), (0.0, 1.0, 0.0)) == "#ff0080>#00ff00"
    assert cast_pairs(("auto",)) == cast_pairs(("off",)) == ()


@pytest.mark.parametrize("words", [("auto",), ("off",), ("#000000>#ffffff", "#2b1d14>#0d1533")])
def test_what_is_understood(words: tuple[str, ...]) -> None:
    check_cast(words)


BAD = [("on",), ("#000>#fff",), ("#000000",), ("#000000>#ffffff", "auto"), ("#000000>#fffffg",), ("auto", "off")]


@pytest.mark.parametrize("words", [*BAD, ()])
def test_what_is_not_is_named(words: tuple[str, ...]) -> None:
    with pytest.raises(Style3DError, match="--cast is not understood"):
        check_cast(words)


@pytest.mark.parametrize("words", BAD)
def test_the_command_refuses_it_in_one_line(words: tuple[str, ...], capsys: pytest.CaptureFixture) -> None:
    assert main(["mesh", "cow.glb", "--style", "a.jpg", "--cast", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.count("\n") == 1
    assert "--cast is not understood" in said.err


def test_the_command_takes_several_in_a_row(tmp_path: Path) -> None:
    from style3d.commands.parse import parse_job
    from style3d.job import MeshJob

    job, _ = parse_job(MeshJob, ["cow.glb", "--style", "a.jpg", "--cast", "#000000>#ffffff", "#2b1d14>#0d1533"])
    assert job.cast == ("#000000>#ffffff", "#2b1d14>#0d1533")
