"""A primitive holds splats as KHR_gaussian_splatting says: attributes after their activations, or an SPZ file."""

from __future__ import annotations

from collections.abc import Container
from typing import Any, final

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import GAUSSIANS, GAUSSIANS_SPZ, GAUSSIANS_SPZ_2
from style3d.images import decode_srgb, encode_srgb
from style3d.nerf.splats.formats import spz
from style3d.nerf.splats.formats.values import check_count, constant_term, logarithm, logit
from style3d.nerf.splats.harmonics import C0
from style3d.nerf.splats.splats import Splats
from style3d.remarks import remark

Array = np.ndarray[Any, Any]

PACKED = (GAUSSIANS_SPZ_2, GAUSSIANS_SPZ)
LINEAR, DISPLAY = "lin_rec709_display", "srgb_rec709_display"
HIGHEST = 3  # degree that the extension names
MOST = (HIGHEST + 1) ** 2  # coefficients
STEP = np.float32(1e-3)  # of linear light, over which the slope of sRGB is taken


def read_primitive(reader: Accessors, primitive: Json, name: str) -> Splats:
    """Splats of one primitive, in the axes of its mesh; ``name`` is the file's.

    Raises:
        Style3DError: splats of a kind that is not known, or damaged.
    """
    described = primitive["extensions"][GAUSSIANS]
    packed = packing_of(primitive)
    if packed is not None:  # in the axes of the glTF, whatever SPZ files do
        return spz.splats_and_axes(reader.view(packed["bufferView"]), name)[0]
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

    keys = [harmonic(index) for index in range(MOST)]
    degree = max(d for d in range(HIGHEST + 1) if d == 0 or any(key in attributes for key in keys[d**2 : (d + 1) ** 2]))
    sh = np.stack([column(key, 3) for key in keys[: (degree + 1) ** 2]], axis=1)
    return Splats(
        positions=column("POSITION", 3),
        rotations=column(f"{GAUSSIANS}:ROTATION", 4)[:, [3, 0, 1, 2]],
        log_scales=logarithm(column(f"{GAUSSIANS}:SCALE", 3)),
        logit_opacities=logit(column(f"{GAUSSIANS}:OPACITY", 1)[:, 0]),
        sh=_display_referred(sh, described.get("colorSpace"), name),
    )


def packing_of(primitive: Json) -> Json | None:
    """The extension by which a primitive's splats are an SPZ file."""
    inner = primitive["extensions"][GAUSSIANS].get("extensions", {})
    return next((found for key in PACKED if (found := inner.get(key))), None)


def harmonic(index: int) -> str:
    """The attribute of a coefficient."""
    degree = int(np.sqrt(index))
    return f"{GAUSSIANS}:SH_DEGREE_{degree}_COEF_{index - degree**2}"


def new_attributes(editor: Editor, splats: Splats) -> dict[str, int]:
    """Splats as the attributes of a primitive, with colours for programs that know no splats."""
    points = np.rint(point_colors(splats.base_colors, splats.opacities) * 65535).astype("<u2")
    columns = {
        f"{GAUSSIANS}:ROTATION": (splats.unit_rotations[:, [1, 2, 3, 0]], "VEC4"),
        f"{GAUSSIANS}:SCALE": (splats.scales, "VEC3"),
        f"{GAUSSIANS}:OPACITY": (splats.opacities, "SCALAR"),
        **{harmonic(index): (splats.sh[:, index], "VEC3") for index in range(min(splats.sh.shape[1], MOST))},
    }
    return {
        "POSITION": editor.add_accessor(splats.positions, "VEC3", bounds=True),
        "COLOR_0": editor.add_accessor(points, "VEC4", normalized=True),
        **{name: editor.add_accessor(values, kind) for name, (values, kind) in columns.items()},
    }


def point_colors(rgb: Array, opacity: Array) -> Array:
    """What programs that know no splats show: linear light and opacity, in [0, 1]."""
    return np.column_stack([decode_srgb(rgb), opacity])


def in_linear_light(sh: Array) -> Array:
    """Harmonics of linear light, of those of display-referred colour: what reading undoes."""
    linear = decode_srgb(sh[:, 0] * np.float32(C0) + np.float32(0.5))
    return np.concatenate([constant_term(linear)[:, None], sh[:, 1:] / _slope(linear)[:, None]], axis=1)


def _display_referred(sh: Array, space: Any, name: str) -> Array:
    """Harmonics of display-referred colour: from linear light the constant exactly, the others to first order."""
    if space != LINEAR:
        if space != DISPLAY:
            remark(f"{name}: the colour space {space!r} is taken for sRGB")
        return sh
    remark(f"{name}: splats in linear light are converted, and blend a little differently")
    linear = sh[:, 0] * np.float32(C0) + np.float32(0.5)
    return np.concatenate([constant_term(encode_srgb(linear))[:, None], sh[:, 1:] * _slope(linear)[:, None]], axis=1)


def _slope(linear: Array) -> Array:
    """Of sRGB over linear light."""
    return (encode_srgb(linear + STEP) - encode_srgb(linear - STEP)) / (2 * STEP)


def write_colors(
    editor: Editor, reader: Accessors, primitive: Json, splats: Splats, changed: Array, own: Container[int]
) -> None:
    """New colours for a primitive that holds these splats; accessors in ``own`` are replaced, others stay as they are.

    Args:
        editor: the document on its way out.
        reader: the document as it was read.
        primitive: of ``editor``, as it was read.
        splats: in the axes of its mesh, with new harmonics.
        changed: (n,) whose colours are new; the others keep every bit.
        own: accessors that nothing else uses.
    """
    packed = packing_of(primitive)
    attributes = primitive["attributes"]
    store = _Store(editor, attributes, own)
    if "COLOR_0" in attributes and "bufferView" in reader.document.item("accessors", attributes["COLOR_0"]):
        store.put("COLOR_0", *_point_colors_as_stored(reader, attributes["COLOR_0"], splats, changed))
    if packed is not None:
        records = spz.records_of(reader.view(packed["bufferView"]), "SPZ in the glTF")
        packed["bufferView"] = editor.replace_view(packed["bufferView"], spz.pack(splats, records))
        return
    known = [harmonic(index) for index in range(MOST)]
    linear = primitive["extensions"][GAUSSIANS].get("colorSpace") == LINEAR
    new = in_linear_light(splats.sh[changed]) if linear else splats.sh[changed]
    for index, name in enumerate(known[: splats.sh.shape[1]]):
        values = np.zeros((splats.count, 3), np.float32)
        if name in attributes:
            values[:] = reader.floats(attributes[name])
        values[changed] = new[:, index]
        store.put(name, values, "VEC3", False)
    for name in known[splats.sh.shape[1] :]:
        store.drop(name)


def write_splats_anew(editor: Editor, reader: Accessors, primitive: Json, splats: Splats, rows: Array) -> None:
    """Other splats for a primitive; of what they carry besides, each takes that of the splat that it is made of."""
    known = {"POSITION", "COLOR_0", *(f"{GAUSSIANS}:{name}" for name in ("ROTATION", "SCALE", "OPACITY"))}
    known |= {harmonic(index) for index in range(MOST)}
    others = {name: index for name, index in primitive["attributes"].items() if name not in known}
    primitive["attributes"] = new_attributes(editor, splats)
    for name, index in others.items():
        item = reader.document.item("accessors", index)
        values, normalized = reader.raw(index)[rows], bool(item.get("normalized"))
        primitive["attributes"][name] = editor.add_accessor(values, item["type"], normalized=normalized)
    described = primitive["extensions"][GAUSSIANS]
    described["colorSpace"] = DISPLAY
    if packing_of(primitive) is not None:
        described["extensions"] = {key: told for key, told in described["extensions"].items() if key not in PACKED}
        for name in PACKED:
            editor.forget_extension(name)


def _point_colors_as_stored(reader: Accessors, index: int, splats: Splats, changed: Array) -> tuple[Array, str, bool]:
    """COLOR_0 with new values for some splats, in the type that it has; its opacity stays."""
    values, item = reader.raw(index).copy(), reader.document.item("accessors", index)
    light = decode_srgb(splats.base_colors[changed])
    full = np.iinfo(values.dtype).max if values.dtype.kind in "iu" else 1
    values[changed, :3] = np.rint(light * full) if full > 1 else light
    return values, item["type"], bool(item.get("normalized"))


@final
class _Store:
    """Writes attributes of one primitive."""

    def __init__(self, editor: Editor, attributes: dict[str, int], own: Container[int]) -> None:
        self.editor, self.attributes, self.own = editor, attributes, own

    def put(self, name: str, values: Array, kind: str, normalized: bool) -> None:
        """Give an attribute new values."""
        index = self.attributes.get(name)
        if index is not None and index in self.own:
            self.editor.replace_accessor(index, values, kind, normalized=normalized)
        else:
            self.attributes[name] = self.editor.add_accessor(values, kind, normalized=normalized)

    def drop(self, name: str) -> None:
        """Take an attribute away."""
        index = self.attributes.pop(name, None)
        if index is not None and index in self.own:
            self.editor.empty_accessor(index)
