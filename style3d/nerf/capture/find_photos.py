"""Photos are found where captures keep them: as named, in a copy at another size, or as other systems write names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import final

from style3d.errors import Style3DError
from style3d.files.find_file import PICTURES, find_file
from style3d.nerf.capture.capture import inside
from style3d.nerf.capture.lens import Lens
from style3d.nerf.capture.photos import stored_size
from style3d.remarks import collect_remarks, mute_remarks

SUFFIXES = ("", ".png", ".jpg", ".jpeg", ".PNG", ".JPG", ".JPEG", ".webp")  # a name may leave its suffix away
SCALES = (2, 4, 8, 16)  # of copies such as images_4, the largest first


@final
class PhotoFinder:
    """Finds the photos of one capture. A file that stands in for another name is taken once only.

    Args:
        root: the capture's folder.
        folders: those in it that photos may lie in, the likeliest first.
    """

    def __init__(self, root: Path, folders: tuple[str, ...] = ("",)) -> None:
        self.root, self._folders = root, folders
        self._known = dict[str, Path | None]()
        self._taken = set[Path]()
        self.stand_ins = dict[Path, str]()  # files, and the names that they were taken for

    def find(self, name: str) -> Path | None:
        """The photo of that name; None if there is none.

        Raises:
            Style3DError: the name leads out of the capture, and no file within is alike.
        """
        if name not in self._known:
            self._known[name] = self._search(name)
        return self._known[name]

    def _search(self, name: str) -> Path | None:
        names = [f"{folder}/{name}" if folder else name for folder in self._folders]
        refused: Style3DError | None = None
        for full in names:
            for suffix in SUFFIXES:
                try:
                    path = inside(self.root, full + suffix)
                except Style3DError as error:
                    refused = error
                    break
                if path.is_file():
                    self._taken.add(path)
                    return path
        found, is_named = next((pair for pair in self._alike(names) if pair[0] not in self._taken), (None, False))
        if found is None:
            if refused is not None:
                raise refused
            return None
        self._taken.add(found)
        if not is_named:
            self.stand_ins[found] = name
        return found

    def _alike(self, names: list[str]) -> Iterator[tuple[Path, bool]]:
        """Files that the names may mean, and whether they do so but for their separators."""
        for wanted in (*names, *(copy for name in names for copy in _names_at_sizes(name))):
            try:
                with mute_remarks(), collect_remarks() as said:  # the capture says it in one sentence for all photos
                    found = find_file(wanted, self.root, suffixes=PICTURES).resolve()
            except Style3DError:
                continue
            yield found, wanted in names and not said

    def lens(self, lens: Lens, photo: Path) -> Lens:
        """The lens that a photo was taken with; of a smaller copy that stands in for it, at the copy's size."""
        if photo not in self.stand_ins:
            return lens
        (width, height), turned = stored_size(photo)
        alike = abs(width * lens.height - height * lens.width) <= 2 * max(lens.width, lens.height)
        return lens.with_size(width, height) if alike and width < lens.width and not turned else lens

    def remark(self) -> str:
        """What was taken for other names, as a sentence; empty where every photo lies where its name says."""
        if not self.stand_ins:
            return ""
        path, name = next(iter(self.stand_ins.items()))
        try:
            shown = path.relative_to(self.root.resolve())
        except ValueError:
            shown = path
        more = f" and {len(self.stand_ins) - 1:,} more alike" if len(self.stand_ins) > 1 else ""
        return f"{self.root}: {name} is not there, {shown} is taken for it{more}"


def _names_at_sizes(name: str) -> Iterator[str]:
    """The same name in a folder's copies at other sizes: images_2/0001.jpg for images/0001.jpg."""
    parts = [part for part in re.split(r"[\\/]", name) if part not in ("", ".")]
    for place in range(len(parts) - 2, -1, -1):
        for scale in SCALES:
            yield "/".join([*parts[:place], f"{parts[place]}_{scale}", *parts[place + 1 :]])
