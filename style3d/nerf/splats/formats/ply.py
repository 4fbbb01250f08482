"""PLY files become tables, from text or binary. Every count is checked before memory is allocated."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from style3d.errors import Style3DError

Array = np.ndarray[Any, Any]
LONGEST_HEADER = 1 << 20  # bytes
ORDERS = {"binary_little_endian": "<", "binary_big_endian": ">", "ascii": "="}
NAMES = {"i1": "char", "u1": "uchar", "i2": "short", "u2": "ushort", "i4": "int", "u4": "uint"}
NAMES |= {"f4": "float", "f8": "double"}
TYPES = {name: kind for kind, name in NAMES.items()} | {
    **{"int8": "i1", "uint8": "u1", "int16": "i2", "uint16": "u2", "int32": "i4", "uint32": "u4"},
    **{"float32": "f4", "float64": "f8"},
}


@dataclass(frozen=True)
class Element:
    """What a header says of one table. Concretely: 152,746 vertices of 17 floats, ``("x", "<f4")`` the first."""

    name: str
    count: int
    fields: tuple[tuple[str, str], ...] = ()  # (property, numpy type)
    lists: bool = False  # some property is a list, so that rows differ in length


def read_tables(content: bytes, name: str) -> tuple[tuple[Element, ...], dict[str, Array]]:
    """The elements of a PLY file, and their rows as structured arrays, up to the first that holds lists.

    Raises:
        Style3DError: the header cannot be understood, or the file is shorter than its header says.
    """
    end = re.compile(rb"^end_header[ \t]*\r?\n", re.MULTILINE).search(content, 0, LONGEST_HEADER)
    if end is None or not content.startswith(b"ply"):
        raise Style3DError(f"{name} has an incomplete PLY header", hint="export or download it again")
    try:
        order, elements = _header(content[: end.start()].decode("latin-1"))
    except (ValueError, KeyError, IndexError):
        raise Style3DError(f"{name} has a PLY header that cannot be read", hint="export it again") from None
    plain = [element for i, element in enumerate(elements) if not any(past.lists for past in elements[: i + 1])]
    rows = _text_rows if order == "ascii" else _binary_rows
    return elements, rows(content, end.end(), plain, name)


def write_table(table: Array) -> bytes:
    """A little-endian binary PLY file with one element, ``vertex``, of the columns of a structured array."""
    lines = ["ply", "format binary_little_endian 1.0", f"element vertex {len(table)}"]
    lines += [f"property {NAMES[table.dtype[name].str[1:]]} {name}" for name in table.dtype.names or ()]
    return "\n".join([*lines, "end_header", ""]).encode("latin-1") + table.tobytes()


def _header(text: str) -> tuple[str, tuple[Element, ...]]:
    order, elements = "", list[Element]()
    for line in text.split("\n")[1:]:
        words = line.split()
        match words[:1]:
            case ["format"]:
                order = words[1]
            case ["element"]:
                elements.append(Element(words[1], int(words[2])))
            case ["property"]:
                elements[-1] = _with_property(elements[-1], words[1:], ORDERS[order])
            case [] | ["comment"] | ["obj_info"]:
                pass
            case _:
                raise ValueError(line)
    names = {element.name for element in elements}
    if order not in ORDERS or len(names) < len(elements) or any(element.count < 0 for element in elements):
        raise ValueError(text)
    return order, tuple(elements)


def _with_property(element: Element, words: list[str], order: str) -> Element:
    if words[0] == "list":
        return replace(element, lists=True)
    kind, name = words
    if name in dict(element.fields):
        raise ValueError(name)
    return replace(element, fields=(*element.fields, (name, order + TYPES[kind])))


def _binary_rows(content: bytes, at: int, elements: list[Element], name: str) -> dict[str, Array]:
    tables = {}
    for element in elements:
        kind = np.dtype(list(element.fields))
        size = kind.itemsize * element.count
        if size > len(content) - at:
            raise _truncated(element, name)
        tables[element.name] = np.frombuffer(content, kind, element.count, at) if size else np.zeros(0, kind)
        at += size
    return tables


def _text_rows(content: bytes, at: int, elements: list[Element], name: str) -> dict[str, Array]:
    words, start, tables = content[at:].split(), 0, {}
    for element in elements:
        end = start + element.count * len(element.fields)
        if end > len(words):
            raise _truncated(element, name)
        table = np.zeros(element.count if element.fields else 0, list(element.fields))
        try:
            numbers = np.array(words[start:end], dtype="S").astype(np.float64)
        except ValueError:
            raise Style3DError(f"{name} holds a value that is not a number in its {element.name} rows") from None
        for column, (field, _) in enumerate(element.fields):
            table[field] = numbers[column :: len(element.fields)]
        tables[element.name], start = table, end
    return tables


def _truncated(element: Element, name: str) -> Style3DError:
    got = f"fewer than the {element.count:,} {element.name} rows of its header"
    return Style3DError(f"{name} is truncated", got=got, hint="export or download it again")
