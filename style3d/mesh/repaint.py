"""Repainting puts new base-colour textures into a document and leaves everything else as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Float32

from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor, values_of
from style3d.gltf.extensions import IMAGE_LIGHTS, SPECULAR, WEBP, image_extensions
from style3d.gltf.vrm0 import follow, other_textures
from style3d.images import MIME, ImageFormat, decode_srgb, encode_image
from style3d.mesh.materials import base_color, slots
from style3d.mesh.painted_slot import Slot
from style3d.mesh.repeated import repeated_references
from style3d.render.surface import Texture

SAMPLER_WRAP = {"clamp": 33071, "mirror": 33648, "repeat": 10497}


def with_textures(
    document: Document,
    slots_: Sequence[Slot],
    textures: Sequence[Texture],
    colors: Sequence[Float32[np.ndarray, "_ _ 3"]],
    kind: ImageFormat,
) -> tuple[Document, dict[int, str]]:
    """The document with painted textures, and the name of each new image by its index.

    An image or a texture is replaced in place where only painted base colours use it; else a new one is added and the
    old one stays for the others. RGB factors become white, for the textures hold them.
    """
    editor = Editor(document)
    painter = _Painter(editor, {slot.material for slot in slots_}, kind)
    for slot in slots_:
        painter.paint(slot, textures[slot.table], colors[slot.table])
    for name in image_extensions():
        editor.forget_extension(name)
    return editor.finish(), painter.names


@final
class _Painter:
    """Images and textures made so far, one of each for an entry of the table."""

    def __init__(self, editor: Editor, materials: set[int], kind: ImageFormat) -> None:
        self.editor, self.kind = editor, kind
        self.free_textures = free_textures(editor, lambda index, item: _own(item) if index in materials else [])
        shown = {index: base_color(editor.document, index).texture for index in materials}
        self.free_textures -= other_textures(editor.json, shown)
        self.free_images = free_images(editor, self.free_textures)
        self.names: dict[int, str] = {}
        self._images: dict[int, tuple[int, ImageFormat]] = {}  # by table entry
        self._textures: dict[tuple[int, int | None], int] = {}  # by table entry and the texture it was

    def paint(self, slot: Slot, texture: Texture, rgb: Float32[np.ndarray, "h w 3"]) -> None:
        """Point a material to its new texture and make its factor white."""
        item = self.editor.items("materials")[slot.material]
        if slot.texcoord is None:
            self._tint(item, rgb)
            return
        again = repeated_references(item)
        for number, (place, texture_key, factor_key) in enumerate(slots(item)):
            if place is not item.get("extensions", {}).get(SPECULAR):
                place = item.setdefault("pbrMetallicRoughness", place)
            if number and texture_key not in place:
                continue  # the workflow that does not show, and has no texture to keep up with
            info = place.get(texture_key)
            old = None if info is None else info.get("index")
            index = self._texture(slot.table, old, texture, rgb)
            if info is None:
                place[texture_key] = {"index": index} | ({"texCoord": slot.texcoord} if slot.texcoord else {})
            else:
                info["index"] = index
            if not number:
                for repeat in again:
                    repeat["index"] = index
                if slot.texcoord == 0:  # the only UV set that VRM 0.x knows
                    follow(self.editor.json, slot.material, old, index)
            if factor_key in place:
                place[factor_key] = [1, 1, 1, *place[factor_key][3:4]]

    def _tint(self, item: Json, rgb: Float32[np.ndarray, "h w 3"]) -> None:
        """Make the factor the mean colour of ``rgb``, in linear light; opacity stays."""
        mean = decode_srgb(rgb).mean((0, 1), dtype=np.float64).clip(0, 1).tolist()
        for number, (place, _, factor_key) in enumerate(slots(item)):
            if place is not item.get("extensions", {}).get(SPECULAR):
                place = item.setdefault("pbrMetallicRoughness", place)
            if not number or factor_key in place:
                place[factor_key] = [*mean, *(place.get(factor_key, (1, 1, 1, 1))[3:4] or (1,))]

    def _texture(self, table: int, old: int | None, texture: Texture, rgb: Any) -> int:
        key = (table, old)
        if key not in self._textures:
            image, kind = self._image(table, old, texture, rgb)
            if old is not None and old in self.free_textures:
                self.free_textures.discard(old)
                index = old
            else:
                index = self.editor.append("textures", self._copy(old))
            show_image(self.editor, self.editor.items("textures")[index], image, kind)
            self._textures[key] = index
        return self._textures[key]

    def _copy(self, old: int | None) -> Json:
        return {} if old is None else copy.deepcopy(self.editor.items("textures")[old])

    def _image(self, table: int, old: int | None, texture: Texture, rgb: Any) -> tuple[int, ImageFormat]:
        if table not in self._images:
            content, kind = encode_image(rgb, texture.alpha, self.kind)
            source = None if old is None else next(sources(self.editor.items("textures")[old]), None)
            if source is not None and source in self.free_images:
                self.free_images.discard(source)
                index = source
            else:
                index = self.editor.append("images", {"name": texture.name})
            item = self.editor.items("images")[index]
            item.pop("uri", None)
            view = self.editor.replace_view(item.get("bufferView"), content)
            item |= {"bufferView": view, "mimeType": MIME[kind]}
            self.names[index] = texture.name
            self._images[table] = (index, kind)
        return self._images[table]


def show_image(editor: Editor, item: Json, image: int, kind: ImageFormat) -> None:
    """Make a texture show an image, and nothing else."""
    extensions = item.get("extensions", {})
    for name in image_extensions():
        extensions.pop(name, None)
    item.pop("source", None)
    if kind == "webp":
        item.setdefault("extensions", {})[WEBP] = {"source": image}
        editor.use_extension(WEBP, required=True)
    else:
        item["source"] = image
        if not extensions:
            item.pop("extensions", None)


def sources(texture: Json) -> Iterator[int]:
    """Every image a texture may show, the one that shows here first."""
    extensions = texture.get("extensions", {})
    webp = extensions.get(WEBP, {}).get("source")
    if webp is not None:
        yield webp
    if "source" in texture:
        yield texture["source"]
    for item in extensions.values():
        if isinstance(item, dict) and isinstance(item.get("source"), int) and item["source"] != webp:
            yield item["source"]


def _own(item: Json) -> list[int]:
    """The ids of a material's references to its base colour's texture, repeated ones too."""
    return [id(place.get(key)) for place, key, _ in slots(item)] + [id(info) for info in repeated_references(item)]


def free_textures(editor: Editor, painted: Callable[[int, Json], list[int]]) -> set[int]:
    """Textures that nothing uses but what is painted: ``painted`` gives the ids of a material's own references."""
    free = set(range(len(editor.json.get("textures", []))))
    for index, item in enumerate(editor.json.get("materials", [])):
        free -= set(_texture_users(item, painted(index, item)))
    return free - set(_texture_users(editor.json.get("extensions", {}), []))


def _texture_users(value: Any, skipped: list[int]) -> Iterator[int]:
    """Indices of textures in any object named like one, at any depth, known or not."""
    if isinstance(value, list):
        for child in value:
            yield from _texture_users(child, skipped)
    elif isinstance(value, dict):
        for name, child in value.items():
            named = "texture" in name.lower() and isinstance(child, dict) and isinstance(child.get("index"), int)
            if named and id(child) not in skipped:
                yield child["index"]
            yield from _texture_users(child, skipped)


def free_images(editor: Editor, free_textures: set[int]) -> set[int]:
    """Images that no texture but free ones shows."""
    free = set(range(len(editor.json.get("images", []))))
    for index, item in enumerate(editor.json.get("textures", [])):
        if index not in free_textures:
            free -= set(sources(item))
    free -= {
        index for index in values_of(editor.json.get("extensions", {}), "thumbnailImage") if isinstance(index, int)
    }
    if IMAGE_LIGHTS in editor.json.get("extensions", {}):  # lights point to images without a texture
        return set()
    return free
