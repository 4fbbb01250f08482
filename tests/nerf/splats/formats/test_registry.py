"""The registry of splat formats: a new row is read, written and offered by jobs, and docs say what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.job.file_types import FIELD_FILES
from style3d.nerf.grid.file import GRID
from style3d.nerf.splats.files import read_splats, write_splats
from style3d.nerf.splats.formats import registry
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, logit
from style3d.nerf.splats.splats import Splats
from tests.helpers.clouds import cloud
from tests.helpers.packers import archive_of

MAGIC = b"DOTS"
ROW = np.dtype([("place", "<f4", 3), ("radius", "<f4"), ("rgba", "<f4", 4)])


def from_dots(content: bytes, path: Path) -> Splats:
    """Round splats: a place, a radius, a colour and an opacity each."""
    if (len(content) - len(MAGIC)) % ROW.itemsize:
        raise Style3DError(f"{path.name} is truncated", expected=f"rows of {ROW.itemsize} bytes")
    rows = np.frombuffer(content, ROW, offset=len(MAGIC))
    check_count(len(rows), path.name)
    return Splats(
        positions=rows["place"].copy(),
        rotations=np.tile(np.float32([1, 0, 0, 0]), (len(rows), 1)),
        log_scales=np.repeat(np.log(rows["radius"])[:, None], 3, axis=1),
        logit_opacities=logit(rows["rgba"][:, 3]),
        sh=constant_term(rows["rgba"][:, :3])[:, None],
    )


def to_dots(splats: Splats) -> bytes:
    rows = np.zeros(splats.count, ROW)
    rows["place"], rows["radius"] = splats.positions, splats.scales.mean(axis=1)
    rows["rgba"] = np.column_stack([splats.base_colors, splats.opacities])
    return MAGIC + rows.tobytes()


DOTS = SplatFormat(
    title="`.dots`",
    suffixes=(".dots",),
    recognise=lambda content, _: content.startswith(MAGIC),
    read=from_dots,
    write=to_dots,
    axes="RDF",
    keeps="round splats, no view dependence",
)


@pytest.fixture
def dots() -> Iterator[SplatFormat]:
    """The made-up format, known for as long as a test runs."""
    formats, files = list(registry.FORMATS), list(FIELD_FILES)
    registry.register(DOTS)
    yield DOTS
    registry.FORMATS[:], FIELD_FILES[:] = formats, files


def test_a_new_format_is_written_and_read(dots: SplatFormat, tmp_path: Path) -> None:
    """By the public functions, and recognised by content whatever the file is called."""
    splats = cloud(20, 0)
    write_splats(splats, tmp_path / "a.dots")
    (tmp_path / "b.splat").write_bytes((tmp_path / "a.dots").read_bytes())
    for name in ("a.dots", "b.splat"):
        found = read_splats(tmp_path / name)
        np.testing.assert_array_equal(found.positions, splats.positions)
        np.testing.assert_allclose(found.opacities, splats.opacities, atol=1e-5)
        np.testing.assert_allclose(found.base_colors, splats.base_colors, atol=1e-5)
    assert registry.is_splats(b"", Path("a.dots"))


def test_added_formats_are_asked_first(dots: SplatFormat, tmp_path: Path) -> None:
    """Even one that has only its suffix to go by, and whose files another format would recognise: here as SOG."""
    bag = SplatFormat("`.bag`", (".bag",), lambda content, path: cloud(3, 0), "RDF", "nothing")
    registry.register(bag)
    (tmp_path / "a.bag").write_bytes(archive_of("meta.json", "means_l.webp"))
    assert read_splats(tmp_path / "a.bag").count == 3


def test_a_new_format_is_offered_and_refused_like_any(dots: SplatFormat, tmp_path: Path) -> None:
    """Jobs take its suffix, refusals and the docs' table name it, and its suffix is taken once."""
    job = FieldJob(Path("a.ply"), style=(Path("b.png"),), output=Path("c.dots"))
    assert job.destination == Path("c.dots")
    (tmp_path / "a.txt").write_text("nothing")
    with pytest.raises(Style3DError, match=r"\.dots"):
        read_splats(tmp_path / "a.txt")
    with pytest.raises(Style3DError, match=r"\.dots"):
        write_splats(cloud(1, 0), tmp_path / "a.txt")
    assert "| `.dots` | yes | yes | right, down, forward |" in registry.docs_table()
    with pytest.raises(Style3DError, match="written by another"):
        registry.register(dots)


def test_without_its_row_the_format_is_unknown(tmp_path: Path) -> None:
    """The fixture above is what makes it known."""
    (tmp_path / "a.dots").write_bytes(to_dots(cloud(2, 0)))
    with pytest.raises(Style3DError, match="not a splat file"):
        read_splats(tmp_path / "a.dots")
    with pytest.raises(Style3DError, match="cannot write"):
        FieldJob(Path("a.ply"), style=(Path("b.png"),), output=Path("c.dots"))


def test_jobs_offer_what_is_written() -> None:
    """The table of facts that jobs read, and the rows that write, name the same suffixes."""
    assert [row.suffix for row in FIELD_FILES] == [*registry.writers(), GRID]


@pytest.mark.parametrize("row", registry.FORMATS, ids=lambda row: row.title)
def test_rows_are_whole(row: SplatFormat) -> None:
    """Suffixes in lower case, axes of three letters, and a mark where meshes have the same suffix."""
    assert all(suffix == suffix.lower() and suffix.startswith(".") for suffix in row.suffixes)
    assert len(row.axes) == 3
    assert bool(row.marks) == any(suffix in (".ply", ".glb", ".gltf") for suffix in row.suffixes)
