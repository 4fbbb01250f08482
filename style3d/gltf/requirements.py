"""A glTF may require extensions that style3d does not read. If reading fails then, the error names them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from style3d.errors import Style3DError
from style3d.gltf.document import Json
from style3d.gltf.extensions import unread

INSTEAD = "export it without them, or try: gltf-transform copy IN OUT"


def unmet(json: Json) -> str:
    """The extensions that a file requires and that are not read, as a list in words; empty if there are none."""
    names = json.get("extensionsRequired")
    return ", ".join(str(name) for name in unread(names)) if isinstance(names, list) else ""


@contextmanager
def requirements_named(json: Json, name: str) -> Iterator[None]:
    """Errors within the block name the required extensions that are not read: they are probably why.

    Raises:
        Style3DError: as the block does; what a damaged file raises, too, where such extensions explain it.
    """
    try:
        yield
    except (Style3DError, KeyError, TypeError, ValueError, IndexError, AttributeError) as error:
        if not (missed := unmet(json)):
            raise
        what = f"{name} requires {missed}, which style3d does not read"
        raise Style3DError(what, got=error, hint=INSTEAD) from error
