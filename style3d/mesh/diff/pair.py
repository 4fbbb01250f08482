"""A pair holds two documents, and compares their JSON."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json
from style3d.gltf.nodes import placements
from style3d.mesh.xmp import maps_said

SHOWN = 60  # characters of a value in a sentence
MANY = 12  # differences of one JSON value, after which the rest is counted


@final
@dataclass(frozen=True)
class Difference:
    """One thing that is not as it was.

    Concretely: "image 0 'fur' is repainted: 512 × 512 before, 1024 × 1024 now", which is allowed.
    """

    sentence: str
    allowed: bool


@final
@dataclass(frozen=True)
class Pair:
    """The source, its painted copy, and readers of both."""

    old: Document
    new: Document
    readers: tuple[Accessors, Accessors]
    maps: frozenset[str]  # what besides base colours the copy's provenance says was painted

    @property
    def jsons(self) -> tuple[Json, Json]:
        """The JSON of both."""
        return self.old.json, self.new.json

    @cached_property
    def drawn_materials(self) -> frozenset[int]:
        """Materials of the source that its default scene shows on triangles: those that may be painted."""
        try:
            shown = {placement.mesh for placement in placements(self.readers[0])[0]}
        except Style3DError:
            shown = set(range(len(self.old.items("meshes"))))
        primitives = [p for mesh in shown for p in self.old.item("meshes", mesh).get("primitives", [])]
        return frozenset(p["material"] for p in primitives if "material" in p and p.get("mode", 4) in (4, 5, 6))

    @cached_property
    def reshaped_materials(self) -> frozenset[int]:
        """Materials on primitives with changed attributes: the copy's, and the source's that nothing else has."""
        found, left, still = set[int | None](), set[int | None](), set[int | None]()
        for a, b in zip(self.old.items("meshes"), self.new.items("meshes"), strict=False):
            for p, q in zip(a.get("primitives", []), b.get("primitives", []), strict=False):
                changed = p.get("attributes") != q.get("attributes")
                (found if changed else still).add(q.get("material"))
                left |= {p.get("material")} if changed else set[int | None]()
        return frozenset(number for number in found | (left - still) if number is not None)


def pair_of(old: Document, new: Document) -> Pair:
    """The two with their readers."""
    return Pair(old, new, (Accessors(old), Accessors(new)), maps_said(new))


def allowed_difference(sentence: str) -> Difference:
    """A difference that painting may make."""
    return Difference(sentence, True)


def forbidden_difference(sentence: str) -> Difference:
    """A difference that should not be."""
    return Difference(sentence, False)


def name_of(kind: str, index: int, item: Json) -> str:
    """``image 3 'bark'``."""
    name = item.get("name")
    return f"{kind} {index} {str(name)!r}" if name else f"{kind} {index}"


def changes(pair: Pair, where: str, old: Any, new: Any) -> Iterator[str]:
    """A sentence for each place where two JSON values differ; buffer views are compared by what they hold."""
    found = list(_changes(pair, old, new, where))
    yield from found[:MANY]
    if len(found) > MANY:
        yield f"{where or 'the file'} differs in {len(found) - MANY} more places"


def _changes(pair: Pair, old: Any, new: Any, where: str) -> Iterator[str]:
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            place = f"{where}/{key}" if where else str(key)
            if key not in new:
                yield f"{place} is gone"
            elif key not in old:
                yield f"{place} is new: {_short(new[key])}"
            elif key == "bufferView":
                if pair.readers[0].view(old[key]) != pair.readers[1].view(new[key]):
                    yield f"{place} holds other bytes"
            else:
                yield from _changes(pair, old[key], new[key], place)
    elif isinstance(old, list) and isinstance(new, list):
        if len(old) != len(new):
            yield f"{where}: {len(old)} became {len(new)}"
        for index, (a, b) in enumerate(zip(old, new, strict=False)):
            yield from _changes(pair, a, b, f"{where}/{index}")
    elif old != new or isinstance(old, bool) != isinstance(new, bool):
        yield f"{where}: {_short(old)} became {_short(new)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= SHOWN else text[: SHOWN - 1] + "…"
