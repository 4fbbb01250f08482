"""glTF with KHR_gaussian_splatting stores splats as attributes of points, after their activations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.container import glb_content
from style3d.gltf.document import Document, parse_document
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import GAUSSIANS
from style3d.nerf.splats.formats.axes import to_ply_axes
from style3d.nerf.splats.formats.capacity import Holds
from style3d.nerf.splats.formats.gaussian_primitive import DISPLAY, HIGHEST, new_attributes
from style3d.nerf.splats.formats.gltf_rewrite import rewritten
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.shown_splats import AXES, shown_splats
from style3d.nerf.splats.splats import Splats

Array = np.ndarray[Any, Any]


def from_gltf(content: bytes, folder: Path, name: str) -> Splats:
    """Every splat primitive that the default scene shows, where its node puts it, in the axes of PLY files.

    Raises:
        Style3DError: no splats, or damaged.
    """
    try:
        return shown_splats(parse_document(content, folder, name), name)
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError):
        raise Style3DError(f"{name} has a damaged description of its splats", hint="export it again") from None


def to_glb(splats: Splats) -> bytes:
    """A binary glTF: the one that the splats were read from, with new colours, else one that holds nothing besides."""
    document = _plain(splats) if splats.rows is None else rewritten(splats)
    return glb_content(document, "the splats")


def _plain(splats: Splats) -> Document:
    """A glTF in which other programs show splats, or else coloured points. A fourth band is left out."""
    turned = splats.rotate(to_ply_axes(AXES).T)
    editor = Editor(Document({"asset": {"version": "2.0", "generator": "style3d"}}, (), Path()))
    described = {"kernel": "ellipse", "colorSpace": DISPLAY, "projection": "perspective"}
    described["sortingMethod"] = "cameraDistance"
    primitive = {"attributes": new_attributes(editor, turned), "mode": 0, "extensions": {GAUSSIANS: described}}
    editor.append("nodes", {"mesh": editor.append("meshes", {"primitives": [primitive]})})
    editor.json["scene"] = editor.append("scenes", {"nodes": [0]})
    editor.use_extension(GAUSSIANS)
    return editor.finish()


def _is_gltf(content: bytes, path: Path) -> bool:
    return content.startswith(b"glTF") or path.suffix.lower() == ".gltf"


GAUSSIAN_GLTF = SplatFormat(
    title=f"`.glb`, `.gltf` with {GAUSSIANS}",
    suffixes=(".glb", ".gltf"),
    recognise=_is_gltf,
    read=lambda content, path: from_gltf(content, path.parent, path.name),
    write=to_glb,
    holds=Holds(degree=HIGHEST, scene=True),
    axes=AXES,
    reads="points with the kernel `ellipse`, nodes and instances; SPZ inside",
    writes="`.glb`; of a glTF only colours are new",
    keeps="floats; of a glTF its nodes, names, meshes and all else; coloured points for programs that know no splats",
    marks=(GAUSSIANS.encode(),),
)
