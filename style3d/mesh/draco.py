"""The optional package DracoPy decodes KHR_draco_mesh_compression for rendering."""

from __future__ import annotations

from typing import Any

import numpy as np

from style3d.errors import Style3DError
from style3d.optional.libraries import need

Array = np.ndarray[Any, Any]


def decode_draco(content: bytes, ids: dict[str, Any]) -> tuple[Array, dict[str, Array]]:
    """Triangles (faces, 3) and the attributes (vertices, width) named in ``ids`` by their unique id.

    Raises:
        Style3DError: DracoPy is not installed, or the stream is damaged.
    """
    draco = need("DracoPy", what="a mesh with Draco compression")
    try:
        mesh = draco.decode(content)
        found = {attribute["unique_id"]: np.asarray(attribute["data"]) for attribute in mesh.attributes}
        faces = np.asarray(mesh.faces).reshape(-1, 3).astype(np.int64)
    except Exception as error:  # whatever the decoder raises
        hint = "export the asset again"
        raise Style3DError("Draco-compressed data cannot be decoded", got=error, hint=hint) from None
    attributes = {name: found[unique] for name, unique in ids.items() if unique in found}
    return faces, {name: data.reshape(len(data), -1) for name, data in attributes.items()}
