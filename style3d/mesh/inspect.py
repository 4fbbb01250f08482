"""The inspection lists in lines for people what a glTF holds."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.container import GLTF_SUFFIXES, image_bytes, image_kind, is_gltf
from style3d.gltf.document import Document, Json, read_document
from style3d.gltf.extensions import DRACO, EXTENSIONS, unread
from style3d.gltf.texture_images import texture_size
from style3d.mesh.credentials import SIGNED, state
from style3d.mesh.diff.uses import image_uses
from style3d.mesh.xmp import packet_of
from style3d.remarks import count_of

MOST = 40  # lines of one list, after which the rest is counted
MANIFEST = b"jumdc2pa"  # how the box begins that holds C2PA manifests


def inspect_file(path: Path) -> str:
    """Meshes, materials, images with their sizes, skins, animations, extensions, variants and provenance.

    Raises:
        Style3DError: the file is not glTF, or damaged.
    """
    if not is_gltf(path):
        raise Style3DError(f"{path.name} is not glTF", expected=f"a {' or '.join(GLTF_SUFFIXES)} file")
    document = read_document(path)
    try:
        return "\n".join([f"{path.name}: {path.stat().st_size:,} bytes", *_lines(document)])
    except (KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        got = f"{type(error).__name__}: {str(error)[:120]}"
        raise Style3DError(f"{path.name} is damaged", got=got, hint="check it with a validator") from error


def _lines(document: Document) -> Iterator[str]:
    head = document.json["asset"]
    made = f", made by {head['generator']}" if "generator" in head else ""
    yield f"glTF {head['version']}{made}"
    yield count_of(len(document.items("nodes")), "node") + f", {count_of(len(document.items('scenes')), 'scene')}"
    lists = (
        ("mesh", "meshes", _mesh),
        ("material", "materials", _material),
        ("image", "images", _image),
        ("skin", "skins", lambda _, item, __: count_of(len(item.get("joints", [])), "joint")),
        ("animation", "animations", _animation),
        ("camera", "cameras", lambda _, item, __: str(item.get("type"))),
    )
    for one, many, tell in lists:
        items = document.items(many)
        if items:
            yield f"{many}: {len(items)}"
        for index, item in enumerate(items[:MOST]):
            name = f" {str(item['name'])!r}" if item.get("name") else ""
            yield f"  {one} {index}{name}: {tell(document, item, index)}"
        if len(items) > MOST:
            yield f"  and {len(items) - MOST} more"
    yield from filter(None, (row.inspect(document.json) for row in EXTENSIONS if row.inspect is not None))
    for kind in ("extensionsUsed", "extensionsRequired"):
        if document.json.get(kind):
            yield f"{kind}: {', '.join(document.json[kind])}"
    if ignored := unread(document.json.get("extensionsUsed", [])):
        yield f"kept and not read: {', '.join(ignored)}"
    yield from _provenance(document)


def _mesh(document: Document, item: Json, _: int) -> str:
    vertices, corners, kinds = 0, 0, dict[str, None]()
    primitives = item.get("primitives", [])
    for primitive in primitives:
        count = document.item("accessors", primitive["attributes"]["POSITION"])["count"]
        vertices += count
        corners += document.item("accessors", primitive["indices"])["count"] if "indices" in primitive else count
        kinds.update(dict.fromkeys(primitive["attributes"]))
        kinds.update({"Draco": None} if DRACO in primitive.get("extensions", {}) else {})
    targets = max((len(primitive.get("targets", [])) for primitive in primitives), default=0)
    told = f"{count_of(len(primitives), 'primitive')}, {vertices:,} vertices, {corners:,} corners; {', '.join(kinds)}"
    return told + (f"; {count_of(targets, 'morph target')}" if targets else "")


def _material(_: Document, item: Json, __: int) -> str:
    surface = item.get("pbrMetallicRoughness", {})
    told = [key for place in (surface, item) for key in place if key.endswith("Texture")]
    told += [item["alphaMode"]] if item.get("alphaMode", "OPAQUE") != "OPAQUE" else []
    told += ["double-sided"] if item.get("doubleSided") else []
    return ", ".join([*told, *item.get("extensions", {})]) or "plain"


def _image(document: Document, _: Json, index: int) -> str:
    try:
        content = image_bytes(document, Accessors(document), index)
    except Style3DError as error:
        return f"cannot be read ({error})"
    kind = (image_kind(content) or ("of an unknown kind", ""))[0]
    try:
        width, height = texture_size(content, f"image {index}")
        size = f"{width} × {height}, "
    except Style3DError:
        size = ""
    users = {"baseColorTexture" if use.role == "base" else use.role for use in image_uses(document).get(index, set())}
    signed = f", signed (C2PA: {state(content, kind)})" if kind in SIGNED and MANIFEST in content else ""
    return f"{size}{kind}, {len(content):,} bytes{signed}; {', '.join(sorted(users)) or 'shown by nothing'}"


def _animation(document: Document, item: Json, _: int) -> str:
    ends = [max(document.item("accessors", s["input"]).get("max", [0])) for s in item.get("samplers", [])]
    return f"{max(ends, default=0):.3g} s, {count_of(len(item.get('channels', [])), 'channel')}"


def _provenance(document: Document) -> Iterator[str]:
    packet = packet_of(document)
    yield "provenance:" if packet else "provenance: none is told"
    for name, value in packet.items():
        if not name.startswith("@"):
            yield f"  {name}: {_plain(value)}"


def _plain(value: Any) -> str:
    """A JSON-LD value without its dress."""
    if isinstance(value, dict):
        if "@list" in value or "@set" in value:
            return ", ".join(_plain(item) for item in value.get("@list") or value.get("@set") or [])
        if value.get("@type") in ("rdf:Alt", "rdf:Bag", "rdf:Seq"):
            return ", ".join(_plain(item) for key, item in value.items() if key != "@type")
        if "@value" in value:
            return _plain(value["@value"])
        return ", ".join(f"{key.removeprefix('style3d:')} {_plain(item)}" for key, item in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
