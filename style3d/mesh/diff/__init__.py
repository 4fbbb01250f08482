"""The diff writes a sentence for each difference of a painted glTF from its source, and says if it is allowed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from style3d.errors import Style3DError
from style3d.gltf.container import GLTF_SUFFIXES, is_gltf
from style3d.gltf.document import Document, Json, read_document
from style3d.gltf.extensions import EXTENSIONS, VARIANTS, VRM0, XMP, may_come, may_go
from style3d.gltf.vrm0 import without_base
from style3d.mesh.diff.geometry import accessor_differences, mesh_differences
from style3d.mesh.diff.images import image_differences
from style3d.mesh.diff.materials import material_differences, texture_differences
from style3d.mesh.diff.pair import Difference, Pair, allowed_difference, changes, forbidden_difference, pair_of
from style3d.mesh.materials import base_color

__all__ = ["Difference", "diff_files", "differences"]
LISTS = ("buffers", "bufferViews", "accessors", "images", "textures", "materials", "meshes", "samplers")
LISTED = ("extensionsUsed", "extensionsRequired")


def diff_files(old: Path, new: Path) -> tuple[Difference, ...]:
    """All differences between two glTF files, whether .glb, .gltf with files beside it, or one of each.

    Raises:
        Style3DError: a file is not glTF, or damaged.
    """
    for path in (old, new):
        if not is_gltf(path):
            raise Style3DError(f"{path.name} is not glTF", expected=f"two {' or '.join(GLTF_SUFFIXES)} files")
    return differences(read_document(old), read_document(new))


def differences(old: Document, new: Document) -> tuple[Difference, ...]:
    """All differences between two documents; data is compared as it decodes, wherever it is stored.

    Allowed are repainted base-colour images, what points to them, RGB base-colour factors that became white, and what
    painting adds: images, textures, a UV set with the vertices split along its cuts, COLOR_0, variants, provenance.

    Raises:
        Style3DError: one of them is damaged.
    """
    try:
        return tuple(_differences(pair_of(old, new)))
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise Style3DError("a glTF is damaged", got=got, hint="check both files with a validator") from error


def _differences(pair: Pair) -> Iterator[Difference]:
    yield from _top(pair)
    yield from _asset(pair)
    yield from _extension_lists(pair)
    yield from _extensions(pair)
    yield from _samplers(pair)
    yield from accessor_differences(pair)
    yield from image_differences(pair)
    yield from texture_differences(pair)
    yield from material_differences(pair)
    yield from mesh_differences(pair)


def _top(pair: Pair) -> Iterator[Difference]:
    """Nodes, skins, animations, cameras, scenes, extras and whatever else nobody here knows."""
    skipped = {*LISTS, *LISTED, "asset", "extensions"}
    old, new = ({key: value for key, value in json.items() if key not in skipped} for json in pair.jsons)
    yield from (forbidden_difference(text) for text in changes(pair, "", old, new))


def _without_xmp(item: Json) -> Json:
    extensions = {key: value for key, value in item.get("extensions", {}).items() if key != XMP}
    return {key: value for key, value in item.items() if key != "extensions"} | (
        {"extensions": extensions} if extensions else {}
    )


def _asset(pair: Pair) -> Iterator[Difference]:
    """The head of the file; a new reference to a packet of provenance is allowed."""
    old, new = (json.get("asset", {}) for json in pair.jsons)
    yield from (forbidden_difference(text) for text in changes(pair, "asset", _without_xmp(old), _without_xmp(new)))
    before, after = (item.get("extensions", {}).get(XMP) for item in (old, new))
    if before == after:
        return
    packets = pair.new.json.get("extensions", {}).get(XMP, {}).get("packets", [])
    known = pair.old.json.get("extensions", {}).get(XMP, {}).get("packets", [])
    told = known[before["packet"]] if before else {}
    now = packets[after["packet"]] if after else {}
    missing = [name for name, value in told.items() if not name.startswith("@") and now.get(name) != value]
    if missing:
        yield forbidden_difference(f"the asset's metadata lost or changed {', '.join(missing)}")
    else:
        yield allowed_difference(f"the asset says where it comes from ({XMP})")


def _extension_lists(pair: Pair) -> Iterator[Difference]:
    for kind in LISTED:
        old, new = (list(json.get(kind, [])) for json in pair.jsons)
        for name in (name for name in new if name not in old):
            yield (allowed_difference if may_come(name) else forbidden_difference)(f"{kind}: {name} is new")
        for name in (name for name in old if name not in new):
            yield (allowed_difference if may_go(name) else forbidden_difference)(f"{kind}: {name} is gone")
        if [name for name in old if name in new] != [name for name in new if name in old]:
            yield forbidden_difference(f"{kind}: the order changed")


def _extensions(pair: Pair) -> Iterator[Difference]:
    """The extensions of the whole file: variants and packets may be appended, the rest stays."""
    old, new = (dict(json.get("extensions", {})) for json in pair.jsons)
    for name, kind in ((row.name, row.grows) for row in EXTENSIONS if row.grows):
        before, after = old.pop(name, {}), new.pop(name, {})
        known, now = before.get(kind, []), after.get(kind, [])
        if now[: len(known)] != known or {**before, kind: 0} != {**after, kind: 0}:
            yield forbidden_difference(f"{kind} of {name} that were there changed")
        added = now[len(known) :]
        if added and name == VARIANTS:
            yield allowed_difference(f"new variants: {', '.join(repr(str(item.get('name', ''))) for item in added)}")
    if VRM0 in old and VRM0 in new:
        told = [
            without_base(
                extensions[VRM0], [base_color(document, k).texture for k in range(len(pair.old.items("materials")))]
            )
            for extensions, document in ((old, pair.old), (new, pair.new))
        ]
        if told[0] == told[1] and old[VRM0] != new[VRM0]:
            yield allowed_difference(f"what {VRM0} 0.x says of colours follows the paint")
        old[VRM0], new[VRM0] = told
    yield from (forbidden_difference(text) for text in changes(pair, "extensions", old, new))


def _samplers(pair: Pair) -> Iterator[Difference]:
    old, new = pair.old.items("samplers"), pair.new.items("samplers")
    yield from (forbidden_difference(text) for text in changes(pair, "samplers", old, new[: len(old)]))
    if len(new) > len(old):
        yield allowed_difference(f"{len(new) - len(old)} new samplers")
