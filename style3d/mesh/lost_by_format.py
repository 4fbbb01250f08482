"""These rows count what a glTF holds and other mesh files cannot, so that a writer says what it drops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, final

from style3d.gltf.document import Document, Json
from style3d.gltf.extensions import LAMPS, VARIANTS


@final
@dataclass(frozen=True)
class Losable:
    """A thing that a document may hold. Concretely: animations, of which the fox has three."""

    name: str  # in the plural, as a sentence wants it
    count: Callable[[Document], int]


def losses(document: Document, kind: str, held: frozenset[str]) -> Iterator[str]:
    """A sentence for what a file of a kind does not hold of a document; ``held`` names the rows that it does."""
    counts = {row.name: row.count(document) for row in LOSABLE if row.name not in held}
    listed = [f"{name} ({count})" for name, count in counts.items() if count]
    if listed:
        yield f"{kind} file holds no {', '.join(listed)}: they are left out"


def _primitives(document: Document) -> list[Json]:
    return [primitive for mesh in document.items("meshes") for primitive in mesh.get("primitives", [])]


def _extension(document: Document, name: str, key: str) -> int:
    return len(document.json.get("extensions", {}).get(name, {}).get(key, []))


def map_count(document: Document) -> int:
    """Pictures besides base colours that materials show."""
    return sum(len(_textures(material)) for material in document.items("materials"))


def _textures(material: Mapping[str, Any]) -> list[str]:
    surface = material.get("pbrMetallicRoughness", {})
    names = ["metallicRoughnessTexture"] if "metallicRoughnessTexture" in surface else []
    names += [name for name in ("normalTexture", "occlusionTexture", "emissiveTexture") if name in material]
    for item in material.get("extensions", {}).values():
        names += [n for n in item if n.endswith("Texture") and n != "diffuseTexture"] if isinstance(item, dict) else []
    return names


def _attributes(document: Document, name: str) -> int:
    """Primitives that have an attribute."""
    return sum(name in primitive.get("attributes", {}) for primitive in _primitives(document))


LOSABLE = (
    Losable("animations", lambda document: len(document.items("animations"))),
    Losable("skins", lambda document: len(document.items("skins"))),
    Losable("morph targets", lambda document: sum(len(p.get("targets", [])) for p in _primitives(document))),
    Losable("cameras", lambda document: len(document.items("cameras"))),
    Losable("lights", lambda document: _extension(document, LAMPS, "lights")),
    Losable("variants", lambda document: _extension(document, VARIANTS, "variants")),
    Losable("maps besides the base colour", map_count),
    Losable("second UV sets", lambda document: _attributes(document, "TEXCOORD_1")),
    Losable("points and lines", lambda document: sum(p.get("mode", 4) < 4 for p in _primitives(document))),
    Losable("vertex colours", lambda document: _attributes(document, "COLOR_0")),
)
