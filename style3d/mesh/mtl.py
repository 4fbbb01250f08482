"""MTL files hold an OBJ file's materials: statements, of which those of maps have options before a file's name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import final

from style3d.errors import Style3DError
from style3d.files import read_bytes
from style3d.files.find_file import find_file, spellings_of
from style3d.files.numbers import is_number, number_of
from style3d.remarks import count_of, remark

ARGUMENTS = {"-o": 3, "-s": 3, "-t": 3, "-mm": 2, "-bm": 1, "-boost": 1, "-texres": 1, "-imfchan": 1, "-type": 1}
ARGUMENTS |= {
    "-blendu": 1,
    "-blendv": 1,
    "-cc": 1,
    "-clamp": 1,
    "-colorspace": 1,
}  # options before a texture's name, with their values
PICTURED = ("norm", "bump", "disp", "decal", "refl")  # keywords of maps besides those that begin with map_
MOST_BYTES = 64 << 20  # of a material file


@final
@dataclass(frozen=True)
class MapStatement:
    """A picture, and how it is laid. Concretely: wood.png, repeated twice along u and v: ``-s 2 2 1 wood.png``."""

    file: str
    options: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def numbers(self, option: str, default: tuple[float, ...]) -> tuple[float, ...]:
        """The values of an option, those that are absent as by default."""
        given = [number_of(word) for word in self.options.get(option, ()) if is_number(word)]
        return (*given, *default[len(given) :])[: len(default)]

    def is_on(self, option: str, default: bool) -> bool:
        """Whether a switch is on."""
        return self.options.get(option, ("on" if default else "off",))[0].lower() == "on"

    def with_file(self, file: str, dropped: Sequence[str] = ()) -> str:
        """The statement with another file's name, without some of its options."""
        kept = [word for name, values in self.options.items() if name not in dropped for word in (name, *values)]
        return " ".join([*kept, file])


@final
@dataclass(frozen=True)
class MtlMaterial:
    """The statements of one material, in their order. Concretely: wood, ``Kd 0.8 0.8 0.8`` and ``map_Kd wood.png``."""

    name: str
    folder: Path  # of the material file
    statements: tuple[tuple[str, str], ...] = ()  # keyword as it is written, and the rest of the line

    def last(self, *keywords: str) -> str:
        """The newest statement of the first of the keywords (in lower case) that is there; empty without any."""
        for keyword in keywords:
            found = [rest for word, rest in self.statements if word.lower() == keyword and rest]
            if found:
                return found[-1]
        return ""


def is_map(keyword: str) -> bool:
    """Whether a statement names a picture."""
    return keyword.lower().startswith("map_") or keyword.lower() in PICTURED


def read_materials(libraries: Sequence[str], model: Path, wanted: Sequence[str]) -> dict[str, MtlMaterial]:
    """The materials of the material files, by name; what is not found is remarked.

    Args:
        libraries: as the OBJ names them.
        model: the OBJ; the material file of its own name stands in where it names none that is there.
        wanted: names of materials that faces have.
    """
    found: dict[str, MtlMaterial] = {}
    read = [path for library in libraries for path in _library(library, model)]
    own = model.with_suffix(".mtl")
    if wanted and not read:
        try:
            read = [find_file(own.name, model.parent)]
            remark(f"{model.name} names no material file that is there: {own.name} beside it is taken")
        except Style3DError:
            pass
    for path in dict.fromkeys(read):
        try:
            content = read_bytes(path, MOST_BYTES)
        except Style3DError as error:
            remark(f"material file {path.name} could not be read ({error})")
            continue
        for name, statements in parse_mtl(text_of(content)).items():
            found.setdefault(name, MtlMaterial(name, path.parent, statements))
    alike = {spelling: item for item in found.values() for spelling in spellings_of(item.name)}
    for name in wanted:
        other = next((alike[spelling] for spelling in spellings_of(name) if spelling in alike), None)
        if name not in found and other is not None:
            found[name] = other
    missing = sorted({name for name in wanted if name and name not in found})
    if missing:
        listed = ", ".join(missing)[:80]
        verb = "is" if len(missing) == 1 else "are"
        remark(f"{count_of(len(missing), 'material')} {verb} in no material file ({listed}): plain grey is used")
    return found


def _library(library: str, model: Path) -> list[Path]:
    """The files of a ``mtllib`` line: several where each word ends as such files do, else one whose name has spaces."""
    problem: Style3DError | None = None
    whole, words = [library.strip().strip('"')], library.split()
    several = len(words) > 1 and all(word.lower().endswith(".mtl") for word in words)
    there = (model.parent / whole[0]).is_file()
    for names in (words, whole) if several and not there else (whole, words):
        try:
            return [find_file(name, model.parent) for name in names]
        except Style3DError as error:
            problem = problem or error
    remark(f"material file {library!r} could not be read ({problem})")
    return []


def text_of(content: bytes) -> str:
    """The text of a file; bytes that are no UTF-8 stay, so that they can be written back and tried as other pages."""
    for mark in (b"\xff\xfe", b"\xfe\xff"):
        if content.startswith(mark):
            return content.decode("utf-16", "replace")
    return content.decode("utf-8-sig", "surrogateescape")


def readable(name: str) -> str:
    """A name as people and JSON take it: bytes that were no UTF-8 are read as a Western code page."""
    raw = name.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def parse_mtl(text: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """The statements of each material; of materials of one name those of all."""
    materials: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in text.replace("\\\r\n", " ").replace("\\\n", " ").splitlines():
        head, _, rest = line.strip().replace("\t", " ").partition(" ")
        if head.lower() == "newmtl":
            current = materials.setdefault(rest.strip(), [])
        elif head and not head.startswith("#"):
            current.append((head, rest.strip()))
    return {name: tuple(statements) for name, statements in materials.items()}


def map_statement(text: str) -> MapStatement:
    """The file that a map statement names, and the options before it."""
    words, options = text.split(" "), dict[str, tuple[str, ...]]()
    while words and words[0].lower() in ARGUMENTS:
        count, option = 1, words[0].lower()
        most = ARGUMENTS[option]
        while count <= most and count < len(words) - 1 and (most == 1 or is_number(words[count])):
            count += 1
        options[option] = tuple(words[1:count])
        words = words[count:]
        while len(words) > 1 and not words[0]:
            words = words[1:]
    return MapStatement(" ".join(words).strip().strip('"'), options)


def texture_name(statement: str) -> str:
    """The file that a map statement names, after its options."""
    return map_statement(statement).file


def numbers_of(text: str, count: int, default: float, most: float = 1.0) -> list[float]:
    """``count`` numbers in [0, ``most``]; one number stands for all, the default for what cannot be read."""
    words = [word for word in text.split() if is_number(word)][:count]
    values = [min(max(number_of(word), 0.0), most) for word in words]
    return values if len(values) == count else values * count if len(values) == 1 else [default] * count
