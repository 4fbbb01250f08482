"""What a document shows is read once."""

from __future__ import annotations

from pathlib import Path

import pytest

from style3d.gltf.document import Document
from style3d.mesh import prepare
from style3d.mesh.asset import load_asset
from style3d.mesh.document_view import Pool, read_pool
from tests.helpers.gltf_maker import Maker, checks


@pytest.mark.parametrize(("uvs", "reads"), [(True, 0), (False, 1)])
def test_a_document_is_read_again_only_where_it_changed(
    uvs: bool, reads: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A textured quad needs nothing; without UVs it is unwrapped, and then read as it became."""
    made = Maker()
    item = made.quad(made.textured_material(checks(16)))
    if not uvs:
        del item["attributes"]["TEXCOORD_0"]
    made.show(item)
    read = list[Document]()

    def counted(document: Document) -> Pool:
        read.append(document)
        return read_pool(document)

    monkeypatch.setattr(prepare, "read_pool", counted)
    load_asset(made.write(tmp_path / "a.glb"), texture_size=16)
    assert len(read) == reads


def test_materials_and_names_are_in_the_pool(tmp_path: Path) -> None:
    """Every material of the document once, and what each placement's node and mesh are called."""
    made = Maker()
    made.show(made.quad(made.textured_material(checks(16), name="fur")))
    surface = load_asset(made.write(tmp_path / "a.glb"), texture_size=16).surface
    assert [material.name for material in surface.materials] == ["fur", "default"]
    assert surface.owners == (("node 0", "mesh 0"),)
