"""XMP as JSON-LD (KHR_xmp_json_ld) tells inside the asset where it comes from."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

from style3d.gltf.document import Document, Json
from style3d.gltf.editor import Editor
from style3d.gltf.extensions import XMP

CONTEXT = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "style3d": "urn:style3d:",
}


@final
@dataclass(frozen=True)
class Provenance:
    """What a painted asset says of its making. No dates and no folders, so that the same run gives the same bytes.

    Concretely: Fox.glb by its SHA-256, oil.jpg by its own, style3d 0.1.0, the settings, "Fox by tomkranis, CC-BY 4.0".
    """

    title: str
    source: tuple[str, str]  # file name and SHA-256 of the model
    styles: Mapping[str, str]  # file name -> SHA-256
    tool: str  # program and version
    settings: Mapping[str, Any] = field(default_factory=dict)  # plain values
    credit: str = ""  # licence notes and names, as the user gave them
    maps: tuple[str, ...] = ("base",)  # which maps are painted

    def packet(self) -> Json:
        """The packet as JSON-LD."""
        told: Json = {
            "@context": dict(CONTEXT),
            "@id": "",
            "dc:title": _one_language(self.title),
            "dc:source": f"{self.source[0]} sha256:{self.source[1]}",
            "xmp:CreatorTool": self.tool,
            "style3d:source": {"style3d:name": self.source[0], "style3d:sha256": self.source[1]},
            "style3d:styles": {"@list": [{"style3d:name": n, "style3d:sha256": h} for n, h in self.styles.items()]},
            "style3d:maps": {"@list": list(self.maps)},
            "style3d:settings": {f"style3d:{name}": value for name, value in self.settings.items()},
        }
        return told | ({"dc:rights": _one_language(self.credit)} if self.credit else {})


def with_provenance(document: Document, provenance: Provenance) -> Document:
    """The document with a packet that its asset refers to; what an earlier packet said of the asset is kept."""
    editor = Editor(document)
    packets = editor.json.setdefault("extensions", {}).setdefault(XMP, {}).setdefault("packets", [])
    before = packet_of(document)
    fresh = provenance.packet()
    context = {**before.get("@context", {}), **fresh["@context"]} if _is_map(before) else fresh["@context"]
    packets.append({**fresh, **copy.deepcopy(_foreign(before)), "@context": context})
    editor.json["asset"].setdefault("extensions", {})[XMP] = {"packet": len(packets) - 1}
    editor.use_extension(XMP)
    return editor.finish()


def packet_of(document: Document) -> Json:
    """The packet that speaks of the whole asset; empty where there is none."""
    reference = document.json.get("asset", {}).get("extensions", {}).get(XMP)
    packets = document.json.get("extensions", {}).get(XMP, {}).get("packets", [])
    index = reference.get("packet") if isinstance(reference, dict) else None
    known = isinstance(index, int) and isinstance(packets, list) and 0 <= index < len(packets)
    found = packets[index] if known else {}
    return found if isinstance(found, dict) else {}


def maps_said(document: Document) -> frozenset[str]:
    """The maps that an asset says were painted."""
    listed = packet_of(document).get("style3d:maps", {})
    names = listed.get("@list", []) if isinstance(listed, dict) else []
    return frozenset(str(name) for name in names)


def _foreign(packet: Json) -> Json:
    """What a packet says, as far as it was not style3d that said it."""
    return {name: value for name, value in packet.items() if not name.startswith(("@", "style3d:"))}


def _is_map(packet: Json) -> bool:
    return isinstance(packet.get("@context"), dict)


def _one_language(text: str) -> Json:
    return {"@type": "rdf:Alt", "rdf:_1": {"@language": "x-default", "@value": text}}
