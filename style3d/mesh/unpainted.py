"""This value tells a writer what an asset holds besides its new colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from style3d.gltf.document import Document
from style3d.mesh.document_view import Key
from style3d.mesh.obj_source import ObjSource
from style3d.mesh.painted_slot import Slot
from style3d.render.surface import Surface


@final
@dataclass(frozen=True)
class Unpainted:
    """An asset as it was read and prepared. Concretely: a chair, its glTF document, and the OBJ file it came from."""

    document: Document
    surface: Surface
    slots: tuple[Slot, ...] = ()  # which material takes which texture
    entries: Mapping[Key, np.ndarray[Any, Any]] = field(default_factory=dict)  # rows of the vertex-colour table
    obj: ObjSource | None = None  # the source, where it is an OBJ
