"""Painted splats go back into the glTF that they came from: colours are new, all else stays."""

from __future__ import annotations

import copy
from collections import Counter
from collections.abc import Container
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from jaxtyping import Bool, Int64

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.nerf.splats.formats.axes import to_ply_axes
from style3d.nerf.splats.formats.gaussian_primitive import read_primitive, write_colors, write_splats_anew
from style3d.nerf.splats.formats.shown_splats import AXES, shown_splats
from style3d.nerf.splats.gltf_source import SplatPlace
from style3d.nerf.splats.splats import Splats
from style3d.nerf.splats.transform import place_splats, rotation_of
from style3d.remarks import mute_remarks

Array = np.ndarray[Any, Any]
NAME = "the glTF"  # in errors about what was read without any


@final
@dataclass(frozen=True, eq=False)
class PaintedPart:
    """A primitive's splats as one node shows them, in the axes of its mesh."""

    splats: Splats
    rows: Int64[np.ndarray, "n"]  # number of each in the primitive as it was read
    changed: Bool[np.ndarray, "n"]  # whether its colours are new
    divided: bool  # whether these are other splats than were read

    @property
    def key(self) -> str:
        """Equal for equal splats."""
        return self.splats.content_hash

    def write(self, editor: Editor, reader: Accessors, primitive: Json, own: Container[int]) -> None:
        """Put it into a primitive; accessors in ``own`` may be replaced."""
        if self.divided:
            write_splats_anew(editor, reader, primitive, self.splats, self.rows)
        else:
            write_colors(editor, reader, primitive, self.splats, self.changed, own)


def rewritten(splats: Splats) -> Document:
    """The document that splats were read from, with what was painted in the attributes of their colours.

    A mesh that several nodes show is painted at each: the first keeps it, others get a copy, which shares all but
    colours, where they look different. Instances of one node share what was painted at the first.
    """
    source = splats.origin.gltf
    assert source is not None  # else there is nothing to write into
    document, editor, reader = source.document, Editor(source.document), Accessors(source.document)
    own, shown, nodes = _used_once(document), dict[tuple[int, tuple[str, ...]], int](), dict[int, list[SplatPlace]]()
    for place in source.places:
        nodes.setdefault(place.node, []).append(place)
    with mute_remarks():  # it was said when the file was read
        painted = _Painted(reader, splats)
        for node, places in nodes.items():
            parts, mesh = [painted.part(place) for place in places], places[0].mesh
            key = (mesh, tuple(part.key for part in parts))
            first = all(known != mesh for known, _ in shown)
            if key not in shown:
                mine = mesh if first else editor.append("meshes", copy.deepcopy(document.item("meshes", mesh)))
                for place, part in zip(places, parts, strict=True):
                    if not first or part.changed.any() or part.divided:
                        primitive = editor.items("meshes")[mine]["primitives"][place.primitive]
                        part.write(editor, reader, primitive, own if first else ())
                shown[key] = mine
            editor.items("nodes")[node]["mesh"] = shown[key]
    return editor.finish()


@final
class _Painted:
    """Splats as they were and as they are, compared."""

    def __init__(self, reader: Accessors, splats: Splats) -> None:
        assert splats.rows is not None  # whoever has a document numbers its splats
        self.reader, self.splats = reader, splats
        before = shown_splats(reader.document, NAME)
        width = max(before.sh.shape[1], splats.sh.shape[1])
        old, new = wide(before.sh, width)[splats.rows], wide(splats.sh, width)
        self.changed = (old != new).any(axis=(1, 2))
        self.most = splats.sh.shape[1] if splats.sh.shape[1] < before.sh.shape[1] else width
        self.order = np.argsort(splats.rows, kind="stable")
        self.sorted = splats.rows[self.order]

    def part(self, place: SplatPlace) -> PaintedPart:
        """What is shown at a place, as its mesh holds it."""
        document = self.reader.document
        stored = read_primitive(self.reader, document.item("meshes", place.mesh)["primitives"][place.primitive], NAME)
        start, end = np.searchsorted(self.sorted, [place.first, place.first + place.count])
        chosen = self.order[start:end]
        own, rows, changed = self.splats.subset(chosen), self.sorted[start:end] - place.first, self.changed[chosen]
        axes, matrix = to_ply_axes(AXES), place.matrices[0]
        if (np.diff(rows) == 0).any():
            local = place_splats(own.rotate(axes.T), np.linalg.inv(matrix))
            return PaintedPart(local, rows, np.ones(len(rows), bool), divided=True)
        turned = own.subset(changed).rotate((axes @ rotation_of(matrix)).T).sh
        used = np.flatnonzero((turned != 0).any(axis=(0, 2)))
        bands = int(np.ceil(np.sqrt(used.max(initial=0) + 1)))
        width = min(max(stored.sh.shape[1], bands**2), self.most)
        sh, all_changed = wide(stored.sh, width), np.zeros(stored.count, bool)
        sh[rows[changed]] = wide(turned, width)
        all_changed[rows[changed]] = True
        return PaintedPart(replace(stored, sh=sh), np.arange(stored.count), all_changed, divided=False)


def wide(sh: Array, width: int) -> Array:
    """Harmonics with so many coefficients: others are zero, or left out."""
    return np.pad(sh[:, :width], ((0, 0), (0, max(0, width - sh.shape[1])), (0, 0)))


def _used_once(document: Document) -> set[int]:
    """Accessors that one attribute of one primitive uses."""
    users: Counter[int] = Counter()
    for mesh in document.items("meshes"):
        for primitive in mesh.get("primitives", []):
            for part in (primitive.get("attributes", {}), *primitive.get("targets", [])):
                users.update(part.values())
            users.update([primitive["indices"]] if "indices" in primitive else [])
    return {index for index, count in users.items() if count == 1}
