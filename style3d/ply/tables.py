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
    lists: tuple[tuple[str, str, str], ...] = ()  # (property, type of its length, type of its values); rows differ
    order: tuple[str, ...] = ()  # of all properties, as they lie in a row


def read_tables(content: bytes, name: str) -> tuple[tuple[Element, ...], dict[str, Array]]:
    """The elements of a PLY file, and their rows as structured arrays, up to the first that holds lists.

    Raises:
        Style3DError: the header cannot be understood, or the file is shorter than its header says.
    """
    order, elements, start = parse_header(content, name)
    plain = [element for i, element in enumerate(elements) if not any(past.lists for past in elements[: i + 1])]
    rows = _text_rows if order == "ascii" else _binary_rows
    return elements, rows(content, start, plain, name)


def comments_of(content: bytes) -> tuple[str, ...]:
    """The lines of a header that say something to people, with the words that mark them."""
    head = content[: max(content.find(b"end_header", 0, LONGEST_HEADER), 0)].decode("utf-8", "surrogateescape")
    lines = (line.strip() for line in head.splitlines())
    return tuple(line for line in lines if line.startswith(("comment ", "obj_info ")))


def parse_header(content: bytes, name: str) -> tuple[str, tuple[Element, ...], int]:
    """The encoding, the elements, and where rows begin.

    Raises:
        Style3DError: it cannot be understood.
    """
    old = re.match(rb"ply[ \t]*\r(?!\n)", content) is not None  # lines end as on old Macs
    ending = re.compile(rb"(?<=\r)end_header[ \t]*\r" if old else rb"^end_header[ \t]*\r?\n", re.MULTILINE)
    end = ending.search(content, 0, LONGEST_HEADER)
    if end is None or not content.startswith(b"ply"):
        raise Style3DError(f"{name} has an incomplete PLY header", hint="export or download it again")
    try:
        order, elements = _header(content[: end.start()].decode("latin-1"))
    except (ValueError, KeyError, IndexError):
        raise Style3DError(f"{name} has a PLY header that cannot be read", hint="export it again") from None
    return order, elements, end.end()


def _header(text: str) -> tuple[str, tuple[Element, ...]]:
    order, elements = "", list[Element]()
    for line in re.split(r"\r\n?|\n", text)[1:]:
        words = line.split()
        match words[:1]:
            case ["format"]:
                order = words[1]
            case ["element"]:
                elements.append(Element(words[1], int(words[2])))
            case ["property"]:
                elements[-1] = _with_property(elements[-1], words[1:], ORDERS[order])
            case _:  # comments; some programs write them without a word that says so
                pass
    names = {element.name for element in elements}
    if order not in ORDERS or len(names) < len(elements) or any(element.count < 0 for element in elements):
        raise ValueError(text)
    return order, tuple(elements)


def _with_property(element: Element, words: list[str], order: str) -> Element:
    name = words[-1]
    if name in element.order:
        raise ValueError(name)
    element = replace(element, order=(*element.order, name))
    if words[0] == "list":
        return replace(element, lists=(*element.lists, (name, order + TYPES[words[1]], order + TYPES[words[2]])))
    kind, _ = words
    return replace(element, fields=(*element.fields, (name, order + TYPES[kind])))


def _binary_rows(content: bytes, at: int, elements: list[Element], name: str) -> dict[str, Array]:
    tables = {}
    for element in elements:
        kind = np.dtype(list(element.fields))
        size = kind.itemsize * element.count
        if size > len(content) - at:
            raise truncation_error(element, name)
        tables[element.name] = np.frombuffer(content, kind, element.count, at) if size else np.zeros(0, kind)
        at += size
    return tables


def _text_rows(content: bytes, at: int, elements: list[Element], name: str) -> dict[str, Array]:
    words, start, tables = content[at:].split(), 0, {}
    for element in elements:
        end = start + element.count * len(element.fields)
        if end > len(words):
            raise truncation_error(element, name)
        table = np.zeros(element.count if element.fields else 0, list(element.fields))
        try:
            numbers = np.array(words[start:end], dtype="S").astype(np.float64)
        except ValueError:
            raise Style3DError(f"{name} holds a value that is not a number in its {element.name} rows") from None
        for column, (field, _) in enumerate(element.fields):
            table[field] = numbers[column :: len(element.fields)]
        tables[element.name], start = table, end
    return tables


def truncation_error(element: Element, name: str) -> Style3DError:
    """The refusal of a file that is shorter than its header says."""
    got = f"fewer than the {element.count:,} {element.name} rows of its header"
    return Style3DError(f"{name} is truncated", got=got, hint="export or download it again")
