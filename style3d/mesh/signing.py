"""Painted textures are signed inside the asset (C2PA)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from style3d.gltf.accessors import Accessors
from style3d.gltf.container import image_bytes, image_kind
from style3d.gltf.document import Document
from style3d.gltf.editor import Editor
from style3d.mesh.credentials import SIGNED, Credentials


def with_signed_images(
    document: Document, images: Iterable[int], credentials: Credentials, told: dict[str, Any]
) -> Document:
    """The document with signed manifests inside the given embedded images.

    Raises:
        Style3DError: see `Credentials.sign_image`.
    """
    editor, reader = Editor(document), Accessors(document)
    for index in images:
        item = editor.items("images")[index]
        content = image_bytes(document, reader, index)
        kind = (image_kind(content) or ("", ""))[0]
        if kind in SIGNED:
            signed = credentials.sign_image(content, kind, str(item.get("name", f"texture {index}")), told)
            item["bufferView"] = editor.replace_view(item["bufferView"], signed)
    return editor.finish()
