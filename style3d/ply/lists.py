"""PLY rows that hold lists, such as the corners of faces, become arrays, and are written again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Int64

from style3d.files.numbers import read_numbers
from style3d.ply.tables import NAMES, Element, comments_of, parse_header, truncation_error

Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Lists:
    """A property whose values are lists. Concretely: the corners of 12 faces, 3 or 4 each."""

    lengths: Int64[np.ndarray, "rows"]
    values: Array  # of all rows, one after another
    counted: str = "u1"  # numpy's name of the type of a length

    @property
    def starts(self) -> Int64[np.ndarray, "rows"]:
        """Where each row's list begins among the values."""
        return np.cumsum(self.lengths) - self.lengths


@final
@dataclass(frozen=True)
class Rows:
    """All rows of an element."""

    count: int
    columns: Mapping[str, Array]  # properties that are one number, by name
    lists: Mapping[str, Lists]
    order: tuple[str, ...] = ()  # of all properties, as they lie in a row; () for numbers first


@final
@dataclass(frozen=True)
class PlyContent:
    """What a PLY file holds. Concretely: 8 vertices and 6 faces, made by MeshLab."""

    comments: tuple[str, ...]  # lines, with the word ``comment`` or ``obj_info``
    rows: Mapping[str, Rows]  # by element


def read_ply(content: bytes, name: str) -> PlyContent:
    """Everything in a PLY file.

    Raises:
        Style3DError: the header cannot be understood, a value is no number, or rows are missing.
    """
    order, elements, at = parse_header(content, name)
    words = np.array(content[at:].split()) if order == "ascii" else None
    at = at if words is None else 0
    found: dict[str, Rows] = {}
    for element in elements:
        try:
            rows, at = _binary(content, at, element) if words is None else _text(words, at, element)
        except (IndexError, ValueError, OverflowError):
            raise truncation_error(element, name) from None
        found[element.name] = rows
    return PlyContent(comments_of(content), found)


def rows_of(table: Array) -> Rows:
    """The columns of a structured array."""
    names = table.dtype.names or ()
    return Rows(len(table), {name: table[name] for name in names}, {}, names)


def write_ply(rows: Mapping[str, Rows], comments: Sequence[str] = ()) -> bytes:
    """A little-endian binary PLY file with an element for each item, after comment lines."""
    lines, parts = ["ply", "format binary_little_endian 1.0", *comments], list[bytes]()
    for element, item in rows.items():
        lines.append(f"element {element} {item.count}")
        for name in item.order or (*item.columns, *item.lists):
            many = item.lists.get(name)
            kind = NAMES[(item.columns[name] if many is None else many.values).dtype.str[1:]]
            lines.append(f"property {kind if many is None else f'list {NAMES[many.counted]} {kind}'} {name}")
        parts += _row_bytes(item)
    return "\n".join([*lines, "end_header", ""]).encode("utf-8", "surrogateescape") + b"".join(parts)


def _row_bytes(item: Rows) -> list[bytes]:
    """The rows as one array where all lists of a property are equally long, else one by one."""
    groups = {name: many.lengths for name, many in item.lists.items()}
    if not item.count or all((lengths == lengths[0]).all() for lengths in groups.values()):
        return [_pack_rows(item, {name: int(lengths[0]) if len(lengths) else 0 for name, lengths in groups.items()})]
    found = []
    for row in range(item.count):
        columns = {name: column[row : row + 1] for name, column in item.columns.items()}
        lists = {
            name: Lists(many.lengths[row : row + 1], many.values[start : start + many.lengths[row]], many.counted)
            for name, many in item.lists.items()
            for start in [int(many.starts[row])]
        }
        found.append(_pack_rows(Rows(1, columns, lists, item.order), {n: int(m.lengths[0]) for n, m in lists.items()}))
    return found


def _pack_rows(item: Rows, lengths: Mapping[str, int]) -> bytes:
    """Rows whose lists are as long as said."""
    fields: list[Any] = []
    for name in item.order or (*item.columns, *item.lists):
        if name in item.lists:
            many = item.lists[name]
            fields += [(f"{name} length", "<" + many.counted), (name, _little(many.values), (lengths[name],))]
        else:
            fields.append((name, _little(item.columns[name])))
    table = np.zeros(item.count, fields)
    for name, column in item.columns.items():
        table[name] = column
    for name, many in item.lists.items():
        table[f"{name} length"] = lengths[name]
        table[name] = many.values.reshape(item.count, lengths[name])
    return table.tobytes()


def _little(values: Array) -> np.dtype[Any]:
    return values.dtype.newbyteorder("<")


def _binary(content: bytes, at: int, element: Element) -> tuple[Rows, int]:
    """Rows from bytes: at once where all lists are as long as those of the first row, else one by one."""
    if not element.order or not element.count:
        return _empty(element), at
    lengths = _first_lengths(content, at, element)
    kinds, lists = dict(element.fields), {name: (count, value) for name, count, value in element.lists}
    fields: list[Any] = []
    for name in element.order:
        if name in lists:
            fields += [(f"{name} length", lists[name][0]), (name, lists[name][1], (lengths[name],))]
        else:
            fields.append((name, kinds[name]))
    row = np.dtype(fields)
    if row.itemsize * element.count <= len(content) - at:
        table = np.frombuffer(content, row, element.count, at)
        if all((table[f"{name} length"] == lengths[name]).all() for name in lists):
            found = {
                name: Lists(np.full(element.count, lengths[name], np.int64), np.ravel(table[name]), lists[name][0][1:])
                for name in lists
            }
            columns = {name: table[name] for name in kinds}
            return Rows(element.count, columns, found, element.order), at + table.nbytes
    if not lists:
        raise IndexError(element.count)
    return _one_by_one(content, at, element)


def _first_lengths(content: bytes, at: int, element: Element) -> dict[str, int]:
    kinds, lists = dict(element.fields), {name: (count, value) for name, count, value in element.lists}
    found = {}
    for name in element.order:
        if name not in lists:
            at += np.dtype(kinds[name]).itemsize
            continue
        length = int(np.frombuffer(content, lists[name][0], 1, at)[0])
        at += np.dtype(lists[name][0]).itemsize
        found[name] = _check_length(length, len(content) - at)
        at += length * np.dtype(lists[name][1]).itemsize
    return found


def _one_by_one(content: bytes, at: int, element: Element) -> tuple[Rows, int]:
    kinds = {name: np.dtype(kind) for name, kind in element.fields}
    lists = {name: (np.dtype(count), np.dtype(value)) for name, count, value in element.lists}
    single: dict[str, list[Any]] = {name: [] for name in kinds}
    parts: dict[str, list[Array]] = {name: [] for name in lists}
    for _ in range(element.count):
        for name in element.order:
            kind, length = kinds.get(name), 1
            if kind is None:
                count, kind = lists[name]
                length = _check_length(int(np.frombuffer(content, count, 1, at)[0]), len(content) - at)
                at += count.itemsize
            values = np.frombuffer(content, kind, length, at)
            at += values.nbytes
            parts[name].append(values) if name in lists else single[name].append(values[0])
    return _gather_rows(element, single, parts), at


def _text(words: Array, at: int, element: Element) -> tuple[Rows, int]:
    """Rows from words: at once where all have as many, else one by one."""
    if not element.order or not element.count:
        return _empty(element), at
    kinds, lists = dict(element.fields), {name: value for name, _, value in element.lists}
    single: dict[str, list[Any]] = {name: [] for name in kinds}
    parts: dict[str, list[Array]] = {name: [] for name in lists}
    if not lists:
        end = at + element.count * len(element.order)
        table = read_numbers(words[at:end]).reshape(element.count, -1)
        columns = {name: _as_kind(table[:, place], kinds[name]) for place, name in enumerate(element.order)}
        return Rows(element.count, columns, {}, element.order), end
    for _ in range(element.count):
        for name in element.order:
            if name in lists:
                length = _check_length(int(words[at]), len(words) - at - 1)
                parts[name].append(read_numbers(words[at + 1 : at + 1 + length]))
                at += 1 + length
            else:
                single[name].append(read_numbers(words[at : at + 1])[0])
                at += 1
    return _gather_rows(element, single, parts), at


def _gather_rows(element: Element, single: Mapping[str, list[Any]], parts: Mapping[str, list[Array]]) -> Rows:
    kinds = dict(element.fields)
    types = {name: (count[1:], kind) for name, count, kind in element.lists}
    columns = {name: _as_kind(np.array(column), kinds[name]) for name, column in single.items()}
    lists = {
        name: Lists(np.array([len(part) for part in found]), _as_kind(np.concatenate(found), kind), count)
        for name, found in parts.items()
        for count, kind in [types[name]]
    }
    return Rows(element.count, columns, lists, element.order)


def _as_kind(numbers: Array, kind: str) -> Array:
    """Numbers as a header declares them; in the place of those that cannot be read an index that leads nowhere."""
    if np.dtype(kind).kind in "iu":
        numbers = np.where(np.isfinite(numbers), numbers, np.iinfo(kind).max)
    return numbers.astype(kind)


def _empty(element: Element) -> Rows:
    lists = {name: Lists(np.zeros(0, np.int64), np.zeros(0, kind), count[1:]) for name, count, kind in element.lists}
    return Rows(0, {name: np.zeros(0, kind) for name, kind in element.fields}, lists, element.order)


def _check_length(length: int, left: int) -> int:
    if not 0 <= length <= left:
        raise IndexError(length)
    return length
