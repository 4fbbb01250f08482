"""PLY rows that hold lists, such as the corners of faces, become arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from jaxtyping import Int64

from style3d.ply.tables import Element, comments_of, parse_header, truncation_error

Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Lists:
    """A property whose values are lists. Concretely: the corners of 12 faces, 3 or 4 each."""

    lengths: Int64[np.ndarray, "rows"]
    values: Array  # of all rows, one after another

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
                name: Lists(np.full(element.count, lengths[name], np.int64), np.ravel(table[name])) for name in lists
            }
            return Rows(element.count, {name: table[name] for name in kinds}, found), at + table.nbytes
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
        table = words[at:end].astype(np.float64).reshape(element.count, -1)
        columns = {name: table[:, place].astype(kinds[name]) for place, name in enumerate(element.order)}
        return Rows(element.count, columns, {}), end
    for _ in range(element.count):
        for name in element.order:
            if name in lists:
                length = _check_length(int(words[at]), len(words) - at - 1)
                parts[name].append(words[at + 1 : at + 1 + length].astype(np.float64))
                at += 1 + length
            else:
                single[name].append(float(words[at]))
                at += 1
    return _gather_rows(element, single, parts), at


def _gather_rows(element: Element, single: Mapping[str, list[Any]], parts: Mapping[str, list[Array]]) -> Rows:
    kinds = dict(element.fields)
    values = {name: kind for name, _, kind in element.lists}
    columns = {name: np.array(column).astype(kinds[name]) for name, column in single.items()}
    lists = {
        name: Lists(np.array([len(part) for part in found], np.int64), np.concatenate(found).astype(values[name]))
        for name, found in parts.items()
    }
    return Rows(element.count, columns, lists)


def _empty(element: Element) -> Rows:
    none = Lists(np.zeros(0, np.int64), np.zeros(0))
    return Rows(0, {n: np.zeros(0, k) for n, k in element.fields}, {n: none for n, _, _ in element.lists})


def _check_length(length: int, left: int) -> int:
    if not 0 <= length <= left:
        raise IndexError(length)
    return length
