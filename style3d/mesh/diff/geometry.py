"""This part compares accessors and meshes. All numbers must stay, but primitives without UVs may be unwrapped."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np

from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Json
from style3d.gltf.extensions import VARIANTS, compression_of
from style3d.mesh.diff.pair import Difference, Pair, allowed_difference, changes, forbidden_difference
from style3d.mesh.diff.uses import is_copy
from style3d.mesh.primitives import TRIANGLES, triangulate
from style3d.mesh.sound_faces import sound_faces

Array = np.ndarray[Any, Any]
SHAPE = ("indices", "mode", "targets")
PLACED = ("bufferView", "byteOffset")
STORED = ("buffer", "byteOffset", "byteLength")


def accessor_differences(pair: Pair) -> Iterator[Difference]:
    """Accessors of the source say the same, hold the same numbers and are compressed as they were."""
    old, new = pair.old.items("accessors"), pair.new.items("accessors")
    if len(new) < len(old):
        yield forbidden_difference(f"{len(old)} accessors became {len(new)}")
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        rest = [{key: value for key, value in item.items() if key not in (*PLACED, "sparse")} for item in (a, b)]
        yield from (forbidden_difference(text) for text in changes(pair, f"accessor {index}", *rest))
        if (stored := _stream_untouched(pair, a, b)) is not None:
            if not stored:
                yield forbidden_difference(f"accessor {index} is compressed in another way")
            continue
        if "bufferView" in a or "sparse" in a:
            before, after = (reader.raw(index) for reader in pair.readers)
            if not _equal(before, after):
                yield forbidden_difference(f"accessor {index} holds other numbers")
        if ("sparse" in a) != ("sparse" in b):
            yield forbidden_difference(f"accessor {index} is sparse in one of the two")


def _stream_untouched(pair: Pair, a: Json, b: Json) -> bool | None:
    """Whether a meshopt stream went through untouched; None where there is none."""
    views = [
        document.item("bufferViews", item["bufferView"]) if "bufferView" in item else {}
        for document, item in ((pair.old, a), (pair.new, b))
    ]
    before, after = (compression_of(view) for view in views)
    if before is None and after is None:
        return None
    if before is None or after is None:
        return False
    streams, packed = [], (before, after)
    for document, item in zip((pair.old, pair.new), packed, strict=True):
        start = item.get("byteOffset", 0)
        streams.append(document.buffers[item["buffer"]][start : start + item["byteLength"]])
    said = [{key: value for key, value in item.items() if key not in STORED} for item in packed]
    return streams[0] == streams[1] and said[0] == said[1]


def _equal(a: Array, b: Array) -> bool:
    return a.dtype == b.dtype and np.array_equal(a, b, equal_nan=a.dtype.kind == "f")


def mesh_differences(pair: Pair) -> Iterator[Difference]:
    """Meshes are as they were but for materials of primitives, variants, COLOR_0 and unwrapping."""
    old, new = pair.old.items("meshes"), pair.new.items("meshes")
    if len(old) != len(new):
        yield forbidden_difference(f"{len(old)} meshes became {len(new)}")
    for m, (a, b) in enumerate(zip(old, new, strict=False)):
        rest = [{key: value for key, value in mesh.items() if key != "primitives"} for mesh in (a, b)]
        yield from (forbidden_difference(text) for text in changes(pair, f"mesh {m}", *rest))
        if len(a.get("primitives", [])) != len(b.get("primitives", [])):
            yield forbidden_difference(f"mesh {m}: {len(a['primitives'])} primitives became {len(b['primitives'])}")
        for p, (before, after) in enumerate(zip(a.get("primitives", []), b.get("primitives", []), strict=False)):
            yield from _primitive(pair, f"mesh {m}, primitive {p}", before, after)


def _primitive(pair: Pair, who: str, a: Json, b: Json) -> Iterator[Difference]:
    shape = ("attributes", "indices", "mode", "targets", "material", "extensions")
    rest = [{key: value for key, value in item.items() if key not in shape} for item in (a, b)]
    yield from (forbidden_difference(text) for text in changes(pair, who, *rest))
    yield from _variants(pair, who, a.get("extensions", {}), b.get("extensions", {}))
    yield from _material(pair, who, a.get("material"), b.get("material"))
    geometry = [{key: item.get(key) for key in ("attributes", *SHAPE)} for item in (a, b)]
    if geometry[0] != geometry[1]:
        yield from _geometry(pair, who, a, b)


def _variants(pair: Pair, who: str, old: Json, new: Json) -> Iterator[Difference]:
    """Mappings may be added after those that were there."""
    rest = [{key: value for key, value in item.items() if key != VARIANTS} for item in (old, new)]
    yield from (forbidden_difference(text) for text in changes(pair, f"{who}/extensions", *rest))
    before, after = (item.get(VARIANTS, {}).get("mappings", []) for item in (old, new))
    if after[: len(before)] != before:
        yield forbidden_difference(f"{who}: its variants changed")
    elif len(after) > len(before):
        yield allowed_difference(f"{who} takes part in {len(after) - len(before)} new variants")


def _material(pair: Pair, who: str, old: int | None, new: int | None) -> Iterator[Difference]:
    if old == new:
        return
    known = len(pair.old.items("materials"))
    if new is None or new < known:
        yield forbidden_difference(f"{who} uses material {new}, before {old}")
    elif old is None:
        yield allowed_difference(f"{who} gets a material, {new}")
    elif is_copy(pair.old.item("materials", old), pair.new.item("materials", new)) or pair.maps:
        yield allowed_difference(f"{who} uses material {new}, a copy of {old}")
    else:
        yield forbidden_difference(f"{who} uses material {new}, which is no copy of {old}")


def _geometry(pair: Pair, who: str, a: Json, b: Json) -> Iterator[Difference]:
    names, others = (set(item.get("attributes", {})) for item in (a, b))
    if "normal" in pair.maps and "TANGENT" in others - names:
        yield allowed_difference(f"{who} gets tangents (TANGENT) for its normal map")
        others.discard("TANGENT")
        b = {**b, "attributes": {key: value for key, value in b["attributes"].items() if key != "TANGENT"}}
    if a.get("attributes") == b.get("attributes") and all(a.get(key) == b.get(key) for key in SHAPE):
        return
    painted = [{k: v for k, v in item["attributes"].items() if k != "COLOR_0"} for item in (a, b)]
    if painted[0] == painted[1] and all(a.get(key) == b.get(key) for key in SHAPE):
        gone = "COLOR_0" not in others
        yield (
            forbidden_difference(f"{who} lost COLOR_0")
            if gone
            else allowed_difference(f"{who}: its vertices carry the paint (COLOR_0)")
        )
        return
    sets = sorted(name for name in others - names if re.fullmatch(r"TEXCOORD_\d+", name))
    if others - {*names, *sets} or names - others - {"COLOR_0"} or len(sets) != 1:
        yield forbidden_difference(f"{who} changed its attributes from {sorted(names)} to {sorted(others)}")
        return
    wrong = list(_torn_attributes(pair, a, b))
    if wrong:
        yield forbidden_difference(f"{who} is unwrapped, and not all was carried along: {', '.join(wrong)}")
        return
    counts = [len(r.raw(item["attributes"]["POSITION"])) for r, item in zip(pair.readers, (a, b), strict=True)]
    told = "; COLOR_0 moved into the texture" if "COLOR_0" in names - others else ""
    had = any(name.startswith("TEXCOORD_") for name in names)
    what = f", {sets[0]} added for the base colour" if had else f" is unwrapped into {sets[0]}"
    yield allowed_difference(f"{who}{what}: {counts[0]} vertices before, {counts[1]} now{told}")


def _torn_attributes(pair: Pair, a: Json, b: Json) -> Iterator[str]:
    """Attributes and morph targets that do not show the same numbers at the corners of the same triangles."""
    corners = [_corners(reader, item) for reader, item in zip(pair.readers, (a, b), strict=True)]
    if corners[0].shape != corners[1].shape:
        yield "the triangles"
        return
    old, new = [a["attributes"], *a.get("targets", [])], [b["attributes"], *b.get("targets", [])]
    if len(old) != len(new):
        yield "the morph targets"
    for number, (before, after) in enumerate(zip(old, new, strict=False)):
        for name in before:
            where = f"{name} of morph target {number - 1}" if number else name
            if name not in after:
                if number or name != "COLOR_0":
                    yield where
                continue
            values = [
                reader.raw(index)[corner]
                for reader, index, corner in zip(pair.readers, (before[name], after[name]), corners, strict=True)
            ]
            if not _equal(*values):
                yield where


def _corners(reader: Accessors, item: Json) -> Array:
    """The vertex at each corner of each triangle that is not broken."""
    positions = reader.floats(item["attributes"]["POSITION"])
    indices = reader.indices(item["indices"]) if "indices" in item else np.arange(len(positions))
    faces = triangulate(indices, item.get("mode", TRIANGLES))
    return faces[sound_faces(positions, faces)].ravel()
