"""Files are found however their names are written, and nothing outside the asset's tree is."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from style3d.errors import Style3DError
from style3d.files.find_file import PICTURES, find_file
from style3d.remarks import collect_remarks


def laid(root: Path, *names: str) -> Path:
    """A folder ``asset`` in a tree with these files."""
    (root / "asset").mkdir(exist_ok=True)
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")
    return root / "asset"


@pytest.mark.parametrize(
    ("name", "there", "silent"),
    [
        ("wood.png", "asset/wood.png", True),
        ("./a/wood.png", "asset/a/wood.png", True),
        ("a\\b\\wood.png", "asset/a/b/wood.png", True),
        ("wood%20floor.png", "asset/wood floor.png", True),
        ("Wood.JPG", "asset/wood.jpg", False),
        ("Maps/Wood.png", "asset/maps/wood.PNG", False),
        ("C:\\art\\maps\\wood.png", "asset/maps/wood.png", False),
        ("/home/ann/project/wood.png", "asset/wood.png", False),
        ("\\\\server\\share\\wood.png", "asset/wood.png", False),
        ("file:///C:/art/wood.png", "asset/wood.png", False),
        ("wood.tga", "asset/wood.png", False),
        ("wood", "asset/wood.jpg", False),
        ("wood.png", "asset/Textures/wood.png", False),
        ("wood.png", "textures/wood.png", False),
        ("../textures/wood.png", "textures/wood.png", True),
        ("..\\Textures\\wood.tga", "textures/wood.jpeg", False),
        ("Stu\u0308ck.png", "asset/St\u00fcck.png", False),
        ("St\u00c3\u00bcck.png", "asset/St\u00fcck.png", False),
        ("St\udcfcck.png", "asset/St\u00fcck.png", False),
        ("\udc96\udcd8.png", "asset/\u6728.png", False),
    ],
)
def test_a_name_finds_its_file(name: str, there: str, silent: bool, tmp_path: Path) -> None:
    """Separators, drives, case, percent codes, code pages, endings and folders; what is taken instead is remarked."""
    folder = laid(tmp_path, there)
    with collect_remarks() as remarks:
        assert find_file(name, folder, suffixes=PICTURES) == tmp_path / there
    assert (not remarks) == silent


def test_names_on_the_disk_that_are_no_text(tmp_path: Path) -> None:
    """An archive of another system was unpacked as it was."""
    folder = laid(tmp_path)
    with open(os.fsencode(folder) + b"/St\xfcck.png", "wb") as stream:
        stream.write(b"x")
    assert find_file("St\u00fcck.png", folder).is_file()


@pytest.mark.parametrize(
    "name",
    [
        "../secret.png", "../../other/secret.png", "/etc/passwd", "a/../../secret.png", "%2e%2e/secret.png",
        "http://x/wood.png", "a\0b", "", "..", ".", "~/secret.png", "..\\secret.png", "../asset/../secret.png",
    ],
)  # fmt: skip
def test_nothing_else_is_found(name: str, tmp_path: Path) -> None:
    """The folder above, other machines, and no name at all."""
    folder = laid(tmp_path, "secret.png", "asset/wood.png")
    with pytest.raises(Style3DError, match="folder"):
        find_file(name, folder, suffixes=PICTURES)


def test_two_that_are_alike_are_none(tmp_path: Path) -> None:
    """A guess is only made where there is one to make; a file that is no picture keeps its ending."""
    folder = laid(tmp_path, "asset/WOOD.png", "asset/Wood.png", "asset/m.txt", "textures/m.mtl")
    for name in ("wood.png", "m.mtl"):
        with pytest.raises(Style3DError, match="folder"):
            find_file(name, folder)


def test_the_file_that_names_it_comes_first(tmp_path: Path) -> None:
    """A name in materials/a.mtl starts there, and then at the model."""
    folder = laid(tmp_path, "asset/materials/wood.png", "asset/wood.png", "asset/oak.png")
    assert find_file("wood.png", folder, beside=folder / "materials") == folder / "materials/wood.png"
    assert find_file("oak.png", folder, beside=folder / "materials") == folder / "oak.png"
    assert find_file("../oak.png", folder, beside=folder / "materials") == folder / "oak.png"
