"""Maps besides the base colour are derived from the strokes, and written where a material keeps its own."""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from jaxtyping import Float32

from style3d.gltf.accessors import Accessors
from style3d.gltf.container import image_bytes
from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import SPECULAR, UNLIT
from style3d.gltf.texture_images import read_texture
from style3d.images import MIME, encode_image
from style3d.mesh.materials import slots, source_image
from style3d.mesh.painted_slot import Slot
from style3d.mesh.relief import glow_of_paint, relief_normals, reorient, roughness_of_strokes, stroke_height
from style3d.mesh.repaint import free_images, free_textures, show_image, sources
from style3d.mesh.repeated import way
from style3d.mesh.tangents import with_tangents
from style3d.mesh.textures import resize_image
from style3d.render.surface import Texture

Map = Literal["base", "emissive", "roughness", "normal"]
KEYS = {"emissive": "emissiveTexture", "roughness": "metallicRoughnessTexture", "normal": "normalTexture"}
Image = Float32[np.ndarray, "_ _ 3"]


@final
@dataclass(frozen=True)
class PaintedTexture:
    """What one texture was and became. Concretely: the fox's fur before and after, and how high its paint stands."""

    texture: Texture
    before: Image
    after: Image
    height: Float32[np.ndarray, "_ _"]

    def fit_to_size(self, image: Float32[np.ndarray, "_ _ _"], size: tuple[int, int]) -> Any:
        """An image of the texture's lay-out at another size (width, height)."""
        return resize_image(image, size, self.texture.wrap)


def with_maps(
    document: Document,
    slots_: Sequence[Slot],
    textures: Sequence[Texture],
    colors: Sequence[Image],
    maps: Collection[str],
) -> tuple[Document, dict[int, str]]:
    """The document with emissive, roughness and normal maps that follow the strokes, and names of new images.

    A map is laid out as the base colour is: where a material looks its own up in another way it stays. Of a
    metallic-roughness map only G changes, at its own size; unlit and specular-glossiness materials keep all. Where a
    normal map is new, tangents come with it.
    """
    made = {index: _strokes(textures[index], colors[index]) for index in {slot.table for slot in slots_}}
    names: dict[int, str] = {}
    for name in (name for name in KEYS if name in maps):
        taken = [slot for slot in slots_ if _takes(document, slot, name)]
        if name == "normal":
            document, taken = _with_tangents(document, taken)
        editor = Editor(document)
        painter = _MapPainter(editor, document, name, taken)
        for slot in painter.slots:
            painter.paint(slot, made[slot.table])
        document = editor.finish()
        names |= painter.names
    return document, names


def _strokes(texture: Texture, after: Image) -> PaintedTexture:
    return PaintedTexture(texture, texture.rgb, after, stroke_height(after, texture.wrap))


def _with_tangents(document: Document, slots_: list[Slot]) -> tuple[Document, list[Slot]]:
    """Tangents where a material had no normal map, and the slots that can have one."""
    had = {slot.material for slot in slots_ if "normalTexture" in document.item("materials", slot.material)}
    wanted = {slot.material: slot.texcoord or 0 for slot in slots_ if slot.material not in had}
    document, complete = with_tangents(document, wanted)
    return document, [slot for slot in slots_ if slot.material in had | complete]


def _takes(document: Document, slot: Slot, name: str) -> bool:
    """Whether a material's map can follow its base colour."""
    item = document.item("materials", slot.material)
    if slot.texcoord is None or any(key in item.get("extensions", {}) for key in (UNLIT, SPECULAR)):
        return False
    info, base = _place(item, name).get(KEYS[name]), slots(item)[0][0].get("baseColorTexture")
    if base is None or info is None:
        return base is not None and name != "emissive"
    return way(info) == way(base) and source_image(document, info.get("index")) is not None


def _place(item: Json, name: str) -> Json:
    """The object of a material that holds a map."""
    found: Json = item.get("pbrMetallicRoughness", {}) if name == "roughness" else item
    return found


@final
class _MapPainter:
    """Writes one kind of map; images that only it used are replaced in place, others are added."""

    def __init__(self, editor: Editor, source: Document, name: str, slots_: list[Slot]) -> None:
        self.editor, self.source, self.name, self.slots = editor, source, name, slots_
        painted = {slot.material for slot in slots_}
        self.free_textures = free_textures(
            editor, lambda index, item: [id(_place(item, name).get(KEYS[name]))] if index in painted else []
        )
        self.free_images = free_images(editor, self.free_textures)
        self.names: dict[int, str] = {}
        self._made: dict[tuple[Any, ...], int] = {}

    def paint(self, slot: Slot, strokes: PaintedTexture) -> None:
        """One material's map."""
        item = self.editor.items("materials")[slot.material]
        place, base = _place(item, self.name), slots(item)[0][0]["baseColorTexture"]
        info = place.get(KEYS[self.name])
        rough = place.pop("roughnessFactor", 1.0) if self.name == "roughness" else 1.0
        scale = (info or {}).get("scale", 1.0) if self.name == "normal" else 1.0
        old = None if info is None else info["index"]
        key = (slot.table, old, rough, scale)
        if key not in self._made:
            draw: dict[str, Callable[[], Image]] = {
                "roughness": lambda: self._roughness(self._read(old), strokes, rough),
                "normal": lambda: self._normal(self._read(old), strokes, scale),
                "emissive": lambda: self._emissive(self._read(old), strokes),
            }
            self._made[key] = self._texture(old, base["index"], draw[self.name](), strokes.texture.name)
        if info is None:
            kept = {name: copy.deepcopy(value) for name, value in base.items() if name != "index"}
            place[KEYS[self.name]] = {"index": self._made[key], **kept}
        else:
            info["index"] = self._made[key]

    def _read(self, texture: int | None) -> Image | None:
        """The map as it was in the source."""
        image = None if texture is None else source_image(self.source, texture)
        if image is None:
            return None
        content = image_bytes(self.source, Accessors(self.source), image)
        return np.ascontiguousarray(read_texture(content, f"image {image}")[..., :3])

    def _roughness(self, own: Image | None, strokes: PaintedTexture, factor: float) -> Image:
        if own is None:
            own = np.ones((*strokes.height.shape, 3), np.float32)
        size = (own.shape[1], own.shape[0])
        height = strokes.fit_to_size(strokes.height[..., None] / 2 + 0.5, size)[..., 0] * 2 - 1
        return np.stack([own[..., 0], roughness_of_strokes(own[..., 1] * np.float32(factor), height), own[..., 2]], 2)

    def _normal(self, own: Image | None, strokes: PaintedTexture, scale: float) -> Image:
        detail = relief_normals(strokes.height, strokes.texture.wrap)
        if own is None:
            return detail / 2 + 0.5
        size = max((own.shape[1], own.shape[0]), (detail.shape[1], detail.shape[0]))
        base, detail = (strokes.fit_to_size(image, size) * 2 - 1 for image in (own, detail / 2 + 0.5))
        steep = np.array([scale, scale, 1], dtype=np.float32)
        found = reorient(_unit(base * steep), _unit(detail))
        return _unit(found / np.where(steep, steep, 1)) / 2 + 0.5

    def _emissive(self, own: Image | None, strokes: PaintedTexture) -> Image:
        height, width = strokes.height.shape
        assert own is not None  # `_takes` asks for it
        return glow_of_paint(strokes.fit_to_size(own, (width, height)), strokes.before, strokes.after, strokes.height)

    def _texture(self, old: int | None, base: int, pixels: Image, name: str) -> int:
        """A texture that shows ``pixels``: the old one where nothing else needs it, else a new one."""
        content, kind = encode_image(pixels, None, "png")
        items = self.editor.items("textures")
        if old is not None and old in self.free_textures:
            self.free_textures.discard(old)
            index = old
        else:
            index = self.editor.append("textures", copy.deepcopy(items[base if old is None else old]))
            items[index].pop("name", None)
        image = None if old is None else next(sources(self.source.item("textures", old)), None)
        if image is not None and image in self.free_images:
            self.free_images.discard(image)
        else:
            image = self.editor.append("images", {"name": f"{name} {self.name}"})
        item = self.editor.items("images")[image]
        item.pop("uri", None)
        item |= {"bufferView": self.editor.replace_view(item.get("bufferView"), content), "mimeType": MIME[kind]}
        self.names[image] = str(item.get("name", f"{name} {self.name}"))
        show_image(self.editor, items[index], image, kind)
        return index


def _unit(vectors: Image) -> Image:
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=2, keepdims=True), 1e-6)).astype(np.float32)
