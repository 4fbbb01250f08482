"""This module makes torchvision importable when its compiled operators do not fit torch.

On processors and systems without a torchvision wheel for the installed torch, ``import torchvision`` stops because it
describes two operators, ``nms`` and ``qnms``, whose compiled half is absent. Networks and transforms need neither:
once their schemas are declared, the Python half works. With a matching torchvision nothing is done.
"""

from __future__ import annotations

import sys
from importlib import import_module

import torch

from style3d.errors import Style3DError

SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
_libraries: list[torch.library.Library] = []  # a declaration lasts as long as the object that made it


def import_torchvision() -> None:
    """Import torchvision, declaring the missing schemas only where the plain import stops for want of them.

    Raises:
        Style3DError: torchvision is not installed, or cannot be imported for another reason.
    """
    try:
        import_module("torchvision")
        return
    except ModuleNotFoundError as error:
        hint = f"install it with: pip install {error.name}"
        raise Style3DError(f"{error.name} is not installed", hint=hint) from None
    except (ImportError, RuntimeError) as error:
        if _libraries or "torchvision::" not in str(error):
            raise Style3DError("torchvision does not fit this torch", got=error) from None
    _forget_half_imported()
    library = torch.library.Library("torchvision", "FRAGMENT")
    for schema in SCHEMAS:
        library.define(schema)
    _libraries.append(library)
    import_torchvision()


def _forget_half_imported() -> None:
    """A failed import leaves its submodules behind, which would be taken for whole ones."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchvision"]:
        del sys.modules[name]
