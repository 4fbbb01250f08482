"""``python -m`` this module ``ns-train`` runs nerfstudio where torchvision has no compiled operators."""

from __future__ import annotations

import sys
from importlib.metadata import entry_points

from style3d.optional.torchvision_compat import import_torchvision


def main() -> None:
    """Declare what torchvision lacks, then run the command: ns-train, ns-eval, ns-render, ns-export, ns-viewer."""
    import_torchvision()
    (command,) = entry_points(group="console_scripts", name=sys.argv[1])
    sys.argv = sys.argv[1:]
    command.load()()


if __name__ == "__main__":
    main()
