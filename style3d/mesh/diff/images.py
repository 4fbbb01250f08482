"""This part compares images. Painted base colours change; all others must keep their bytes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from style3d.errors import Style3DError
from style3d.gltf.container import image_bytes
from style3d.gltf.document import Json
from style3d.gltf.extensions import IMAGE_LIGHTS
from style3d.gltf.texture_images import read_texture, texture_size
from style3d.mesh.diff.pair import Difference, Pair, allowed_difference, changes, forbidden_difference, name_of
from style3d.mesh.diff.uses import Use, foreign_roles, image_uses, paintable

PACKING = ("uri", "bufferView", "mimeType")  # where an image lies, which is compared by its bytes


def image_differences(pair: Pair) -> Iterator[Difference]:
    """Images that only shown base colours use may be repainted; new ones may be added for base colours."""
    old, new = pair.old.items("images"), pair.new.items("images")
    if len(new) < len(old):
        yield forbidden_difference(f"{len(old)} images became {len(new)}")
    uses = image_uses(pair.old)
    hidden = IMAGE_LIGHTS in pair.old.json.get("extensions", {})  # points to images without a texture
    for index, (a, b) in enumerate(zip(old, new, strict=False)):
        who = name_of("image", index, a)
        rest = [{key: value for key, value in item.items() if key not in PACKING} for item in (a, b)]
        yield from (forbidden_difference(text) for text in changes(pair, who, *rest))
        before, after = _content(pair, 0, index, a), _content(pair, 1, index, b)
        if before == after:
            continue
        shown = uses.get(index, set())
        if hidden or not paintable(shown, pair.drawn_materials, pair.maps):
            yield forbidden_difference(f"{who} changed, though {_reason(shown, pair)}")
        else:
            yield from _image_differences(who, before, after, {use.role for use in shown})
    added = image_uses(pair.new)
    for index in range(len(old), len(new)):
        who, odd = name_of("image", index, new[index]), foreign_roles(added.get(index, set()), pair.maps)
        yield (
            forbidden_difference(f"{who} is new and shown as {', '.join(odd)}")
            if odd
            else allowed_difference(f"{who} is new")
        )


def _content(pair: Pair, side: int, index: int, item: Json) -> bytes:
    """The encoded image; what cannot be read stands for itself."""
    try:
        return image_bytes((pair.old, pair.new)[side], pair.readers[side], index)
    except Style3DError:
        return repr(sorted(item.items())).encode()


def _reason(uses: set[Use], pair: Pair) -> str:
    if not uses:
        return "no texture shows it"
    roles = foreign_roles(uses, pair.maps)
    if roles:
        return f"it is also shown as {', '.join(roles)}"
    return f"material {min(use.material or 0 for use in uses if use.material not in pair.drawn_materials)} shows it too"


def _image_differences(who: str, before: bytes, after: bytes, roles: set[str]) -> Iterator[Difference]:
    """What changed in a painted image; a picture of the same size keeps what paint does not touch."""
    try:
        sizes = [texture_size(content, who) for content in (before, after)]
        pictures = [read_texture(content, who) for content in (before, after)]
    except Style3DError:
        yield allowed_difference(f"{who} is repainted")
        return
    shown = [f"{width} × {height}" for width, height in sizes]
    yield allowed_difference(f"{who} is repainted: {shown[0]} before, {shown[1]} now")
    if sizes[0] != sizes[1]:
        return
    if "base" in roles and not np.array_equal(_opacity(pictures[0]), _opacity(pictures[1])):
        yield forbidden_difference(f"{who} changed its opacity")
    if roles == {"metallicRoughnessTexture"} and not np.array_equal(pictures[0][..., 2], pictures[1][..., 2]):
        yield forbidden_difference(f"{who} changed how metallic it is")


def _opacity(picture: np.ndarray) -> np.ndarray:  # type: ignore[type-arg]
    return picture[..., 3] if picture.shape[2] == 4 else np.ones(picture.shape[:2], picture.dtype)
