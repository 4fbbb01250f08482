"""glTF with KHR_gaussian_splatting stores splats as attributes of points, after their activations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.container import glb_content
from style3d.gltf.document import Document, Json, parse_document
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import GAUSSIANS, GAUSSIANS_SPZ, GAUSSIANS_SPZ_2
from style3d.gltf.nodes import placements
from style3d.images import decode_srgb, encode_srgb
from style3d.nerf.splats.formats import spz
from style3d.nerf.splats.formats.axes import to_ply_axes
from style3d.nerf.splats.formats.holds import Holds
from style3d.nerf.splats.formats.row import SplatFormat
from style3d.nerf.splats.formats.values import check_count, constant_term, logarithm, logit
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats, joined
from style3d.nerf.splats.transform import placed
from style3d.remarks import remark

Array = np.ndarray[Any, Any]

PACKED = (GAUSSIANS_SPZ_2, GAUSSIANS_SPZ)
AXES = "LUF"  # x left, y up, z forward
LINEAR, DISPLAY = "lin_rec709_display", "srgb_rec709_display"
MAX_PLACES = 4096  # at which nodes and instances put primitives
HIGHEST = 3  # degree that the extension names


def from_gltf(content: bytes, folder: Path, name: str) -> Splats:
    """Every splat primitive that the default scene shows, where its node puts it, in the axes of PLY files.

    Raises:
        Style3DError: no splats, or damaged.
    """
    try:
        document = parse_document(content, folder, name)
        reader = Accessors(document)
        parts, total = list[Splats](), 0
        for placement in placements(reader)[0]:
            for primitive in document.item("meshes", placement.mesh)["primitives"]:
                if GAUSSIANS not in primitive.get("extensions", {}):
                    continue
                if len(parts) + len(placement.matrices) > MAX_PLACES:
                    raise Style3DError(f"{name} shows splats in too many places", expected=f"at most {MAX_PLACES:,}")
                splats = _primitive(reader, primitive, name)
                total += splats.count * len(placement.matrices)
                check_count(total, name)
                parts += [placed(splats, matrix) for matrix in placement.matrices]
    except (KeyError, TypeError, AttributeError, ValueError, IndexError, OverflowError):
        raise Style3DError(f"{name} has a damaged description of its splats", hint="export it again") from None
    if not parts:
        hint = f"paint a mesh with: style3d mesh {name}"
        raise Style3DError(f"{name} shows no Gaussian splats", expected=f"primitives with {GAUSSIANS}", hint=hint)
    return joined(parts).rotated(to_ply_axes(AXES))


def to_glb(splats: Splats) -> bytes:
    """A binary glTF in which other programs show splats, or else coloured points. A fourth band is left out."""
    turned = splats.rotated(to_ply_axes(AXES).T)
    editor = Editor(Document({"asset": {"version": "2.0", "generator": "style3d"}}, (), Path()))
    points = np.column_stack([decode_srgb(turned.base_colors), turned.opacities])
    columns = {
        "ROTATION": (turned.unit_rotations[:, [1, 2, 3, 0]], "VEC4"),
        "SCALE": (turned.scales, "VEC3"),
        "OPACITY": (turned.opacities, "SCALAR"),
        **{_harmonic(index): (turned.sh[:, index], "VEC3") for index in range(min(turned.sh.shape[1], 16))},
    }
    attributes = {
        "POSITION": editor.add_accessor(turned.positions, "VEC3", bounds=True),
        "COLOR_0": editor.add_accessor(np.rint(points * 65535).astype("<u2"), "VEC4", normalized=True),
        **{f"{GAUSSIANS}:{name}": editor.add_accessor(values, kind) for name, (values, kind) in columns.items()},
    }
    described = {"kernel": "ellipse", "colorSpace": DISPLAY, "projection": "perspective"}
    described["sortingMethod"] = "cameraDistance"
    primitive = {"attributes": attributes, "mode": 0, "extensions": {GAUSSIANS: described}}
    editor.append("nodes", {"mesh": editor.append("meshes", {"primitives": [primitive]})})
    editor.json["scene"] = editor.append("scenes", {"nodes": [0]})
    editor.use_extension(GAUSSIANS)
    return glb_content(editor.finish(), "the splats")


def _harmonic(index: int) -> str:
    degree = int(np.sqrt(index))
    return f"SH_DEGREE_{degree}_COEF_{index - degree**2}"


def _primitive(reader: Accessors, primitive: Json, name: str) -> Splats:
    """Splats of one primitive in glTF axes."""
    described = primitive["extensions"][GAUSSIANS]
    packed = next((found for key in PACKED if (found := described.get("extensions", {}).get(key))), None)
    if packed is not None:  # in the axes of the glTF, whatever SPZ files do
        return spz.stored(reader.view(packed["bufferView"]), name)[0]
    if primitive.get("mode", 4) != 0 or described.get("kernel", "ellipse") != "ellipse":
        got = f"mode {primitive.get('mode', 4)!r}, kernel {described.get('kernel')!r}"
        raise Style3DError(f"{name} has splats of an unknown kind", got=got, expected="points, ellipse")
    attributes = primitive["attributes"]
    count = reader.document.item("accessors", attributes["POSITION"])["count"]
    check_count(count, name)

    def column(key: str, width: int) -> Array:
        index = attributes[key]
        values = reader.floats(index) if "bufferView" in reader.document.item("accessors", index) else np.zeros((0, 0))
        if values.shape != (count, width):
            got, expected = f"{key.split(':')[-1]} of {values.shape}", f"({count}, {width})"
            raise Style3DError(f"{name} has splats with unexpected attributes", got=got, expected=expected)
        return values.astype(np.float32)

    keys = [f"{GAUSSIANS}:{_harmonic(index)}" for index in range((HIGHEST + 1) ** 2)]
    degree = max(d for d in range(HIGHEST + 1) if d == 0 or any(key in attributes for key in keys[d**2 : (d + 1) ** 2]))
    sh = np.stack([column(key, 3) for key in keys[: (degree + 1) ** 2]], axis=1)
    return Splats(
        positions=column("POSITION", 3),
        rotations=column(f"{GAUSSIANS}:ROTATION", 4)[:, [3, 0, 1, 2]],
        log_scales=logarithm(column(f"{GAUSSIANS}:SCALE", 3)),
        logit_opacities=logit(column(f"{GAUSSIANS}:OPACITY", 1)[:, 0]),
        sh=_display_referred(sh, described.get("colorSpace"), name),
    )


def _display_referred(sh: Array, space: Any, name: str) -> Array:
    """Harmonics of display-referred colour: from linear light the constant exactly, the others to first order."""
    if space != LINEAR:
        if space != DISPLAY:
            remark(f"{name}: the colour space {space!r} is taken for sRGB")
        return sh
    remark(f"{name}: splats in linear light are converted, and blend a little differently")
    linear = sh[:, 0] * np.float32(C0) + np.float32(0.5)
    shown, step = encode_srgb(linear), np.float32(1e-3)
    slope = (encode_srgb(linear + step) - encode_srgb(linear - step)) / (2 * step)
    return np.concatenate([constant_term(shown)[:, None], sh[:, 1:] * slope[:, None]], axis=1)


def _is_gltf(content: bytes, path: Path) -> bool:
    return content.startswith(b"glTF") or path.suffix.lower() == ".gltf"


GAUSSIAN_GLTF = SplatFormat(
    title=f"`.glb`, `.gltf` with {GAUSSIANS}",
    suffixes=(".glb", ".gltf"),
    recognise=_is_gltf,
    read=lambda content, path: from_gltf(content, path.parent, path.name),
    write=to_glb,
    holds=Holds(degree=HIGHEST),
    axes=AXES,
    reads="points with the kernel `ellipse`, nodes and instances; SPZ inside",
    writes="`.glb`",
    keeps="floats; coloured points for programs that know no splats",
    marks=(GAUSSIANS.encode(),),
)
