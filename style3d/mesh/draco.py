"""DracoPy decodes KHR_draco_mesh_compression for rendering."""

from __future__ import annotations

from typing import Any

import DracoPy
import numpy as np

from style3d.errors import Style3DError

Array = np.ndarray[Any, Any]


def decode_draco(content: bytes, ids: dict[str, Any]) -> tuple[Array, dict[str, Array]]:
    """Triangles (faces, 3) and the attributes (vertices, width) named in ``ids`` by their unique id.

    Raises:
        Style3DError: the stream is damaged.
    """
    try:
        mesh = DracoPy.decode(content)
        found = {attribute["unique_id"]: np.asarray(attribute["data"]) for attribute in mesh.attributes}
        faces = np.asarray(mesh.faces).reshape(-1, 3).astype(np.int64)
    except Exception as error:  # whatever the decoder raises
        hint = "export the asset again"
        raise Style3DError("Draco-compressed data cannot be decoded", got=error, hint=hint) from None
    attributes = {name: found[unique] for name, unique in ids.items() if unique in found}
    return faces, {name: data.reshape(len(data), -1) for name, data in attributes.items()}
