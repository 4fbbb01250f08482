"""Whole files or none."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.files import atomic_path, check_readable, check_writable, read_bytes, write_bytes


def test_failure_leaves_the_old_file(tmp_path: Path) -> None:
    """What fails half way leaves neither a new file nor a temporary one."""
    target = tmp_path / "a.bin"
    target.write_bytes(b"old")

    def write_and_fail() -> None:
        with atomic_path(target) as temporary:
            temporary.write_bytes(b"half")
            assert temporary.suffix == ".bin"
            assert target.read_bytes() == b"old"
            raise KeyError("stop")

    with pytest.raises(KeyError, match="stop"):
        write_and_fail()
    assert [(path.name, path.read_bytes()) for path in tmp_path.iterdir()] == [("a.bin", b"old")]


def test_success_replaces_the_old_file(tmp_path: Path) -> None:
    """In folders that are made on the way."""
    target = tmp_path / "new" / "deep" / "a.bin"
    write_bytes(target, b"one")
    write_bytes(target, b"two")
    assert [path.name for path in target.parent.iterdir()] == ["a.bin"]
    assert target.read_bytes() == b"two"


def test_unwritable_places(tmp_path: Path) -> None:
    """A folder in the place of the file, and a file in the place of the folder."""
    (tmp_path / "file").write_bytes(b"x")
    for path in (tmp_path, tmp_path / "file" / "a.bin"):
        with pytest.raises(Style3DError):
            check_writable(path)
        with pytest.raises(Style3DError, match="cannot be written"):
            write_bytes(path, b"x")
    check_writable(tmp_path / "fine" / "deep" / "a.bin")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_protected_folder(tmp_path: Path) -> None:
    """A folder that may not be written to."""
    tmp_path.chmod(0o500)
    with pytest.raises(Style3DError, match="cannot be written"):
        check_writable(tmp_path / "a.bin")


def test_reading_has_limits(tmp_path: Path) -> None:
    """Missing, a folder, empty, too large, and a name that no system takes."""
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "large").write_bytes(b"123456")
    cases = {
        "missing": "exist",
        "": "not a file",
        "empty": "empty",
        "large": "too large",
        "a\0b": "path",
        "n" * 5000: "path|exist",
    }
    for name, words in cases.items():
        for read in (read_bytes, check_readable):
            with pytest.raises(Style3DError, match=words) as caught:
                read(tmp_path / name, 5)
            assert "\n" not in str(caught.value)
    assert read_bytes(tmp_path / "large", 6) == b"123456"
