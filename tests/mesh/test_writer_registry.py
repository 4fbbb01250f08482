"""The registry of mesh writers: a new row is written and offered by jobs, and docs say what the rows say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from style3d.errors import Style3DError
from style3d.files import write_bytes
from style3d.job import FieldJob, MeshJob
from style3d.job.file_types import MESH_FILES, MESH_SOURCES, MeshFile
from style3d.mesh import writer_registry
from style3d.mesh.asset import load_asset, save_asset, save_variants
from style3d.mesh.formats import ALIASES, KINDS
from style3d.mesh.writer_registry import MeshWriter, PaintedMesh
from style3d.mesh.writers import colors_at_vertices
from tests.helpers.gltf_maker import Maker, checks


def write_off(painted: PaintedMesh, path: Path) -> tuple[Path, ...]:
    """Geomview's OFF with a colour for each vertex."""
    surface = painted.surface
    rgb = np.rint(colors_at_vertices(surface, painted.colors).clip(0, 1) * 255).astype(int)
    lines = ["COFF", f"{len(surface.positions)} {len(surface.faces)} 0"]
    lines += [
        f"{x:.9g} {y:.9g} {z:.9g} {r} {g} {b} 255"
        for (x, y, z), (r, g, b) in zip(surface.positions.tolist(), rgb.tolist(), strict=True)
    ]
    lines += [f"3 {a} {b} {c}" for a, b, c in surface.faces.tolist()]
    write_bytes(path, ("\n".join(lines) + "\n").encode())
    return (path,)


OFF = MeshWriter(MeshFile(".off", "with vertex colours, as text"), write_off)


@pytest.fixture
def off() -> Iterator[MeshWriter]:
    """The new writer, known for as long as a test runs."""
    writers, files = list(writer_registry.WRITERS), list(MESH_FILES)
    writer_registry.register(OFF)
    yield OFF
    writer_registry.WRITERS[:], MESH_FILES[:] = writers, files


def quad(folder: Path) -> Path:
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16))))
    return made.write(folder / "a.glb")


def test_a_new_writer_writes(off: MeshWriter, tmp_path: Path) -> None:
    """By the public function; its triangles are read back, and every vertex has its colour."""
    asset = load_asset(quad(tmp_path), texture_size=16)
    (path,) = save_asset(asset, [np.full_like(t.rgb, 0.2) for t in asset.surface.textures], tmp_path / "b.off")
    again = load_asset(path, paint="vertices").surface
    head, counts, *rows = path.read_text().splitlines()
    vertices = int(counts.split()[0])
    np.testing.assert_allclose(again.positions[again.faces], asset.surface.positions[asset.surface.faces], atol=1e-6)
    assert (head, vertices) == ("COFF", len(asset.surface.positions))
    assert {tuple(row.split()[3:]) for row in rows[:vertices]} == {("51", "51", "51", "255")}


def test_a_new_writer_is_offered_and_refused_like_any(off: MeshWriter, tmp_path: Path) -> None:
    """Jobs take its suffix, what it cannot hold is refused by its facts, and its suffix is taken once."""
    style, output = (Path("b.png"),), Path("c.off")
    assert MeshJob(Path("a.glb"), style=style, output=output).destination == output
    assert FieldJob(Path("a.ply"), style=style, mesh=output).mesh == output
    with pytest.raises(Style3DError, match="cannot hold --variants"):
        MeshJob(Path("a.glb"), style=style, output=output, variants=True)
    with pytest.raises(Style3DError, match=r"--maps need one style and a \.glb, \.gltf or \.vrm"):
        MeshJob(Path("a.glb"), style=style, output=output, maps=("base", "normal"))
    asset = load_asset(quad(tmp_path), texture_size=16)
    with pytest.raises(Style3DError, match=r"cannot hold variants.*\.glb, \.gltf or \.vrm"):
        save_variants(asset, [], output)
    with pytest.raises(Style3DError, match=r"or \.off"):
        save_asset(asset, [], Path("c.stl"))
    assert "| `.off` | with vertex colours, as text | no | no | no | no |" in writer_registry.docs_table()
    with pytest.raises(Style3DError, match="written by another"):
        writer_registry.register(off)


def test_without_its_row_the_writer_is_unknown() -> None:
    """The fixture above is what makes it known."""
    with pytest.raises(Style3DError, match=r"cannot write .*\.glb, \.gltf, \.vrm, \.obj, \.ply"):
        MeshJob(Path("a.glb"), style=(Path("b.png"),), output=Path("c.off"))


def test_tables_of_facts_agree() -> None:
    """What jobs read is what is written, and what their help says is read is what is read."""
    assert [writer.file for writer in writer_registry.WRITERS] == MESH_FILES
    assert {f".{kind}" for kind in (*KINDS, *ALIASES)} == set(MESH_SOURCES)
