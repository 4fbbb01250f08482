"""A gallery is a folder of pictures, in which a network that painting never sees looks for the style."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import final

from style3d.errors import Style3DError
from style3d.evaluate.metrics.efficientnet_lite import Lite

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".bmp")


@final
@dataclass(frozen=True)
class Gallery:
    """Pictures that the style is to be told from, and who is to tell. Concretely: eleven paintings, EfficientNet."""

    pictures: tuple[Path, ...]
    judge: Lite


def open_gallery(folder: Path, judge: Lite | str) -> Gallery | str:
    """The pictures of a folder with their judge, or why there is no judge.

    Raises:
        Style3DError: there is no such folder, or no picture in it.
    """
    pictures = [path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES] if folder.is_dir() else []
    if not pictures:
        raise Style3DError(
            f"there are no pictures in the gallery {folder}", expected=f"a folder of {', '.join(SUFFIXES)}"
        )
    return judge if isinstance(judge, str) else Gallery(tuple(sorted(pictures)), judge)
