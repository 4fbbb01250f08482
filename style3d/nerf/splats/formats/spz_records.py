"""SPZ files hold records beside their splats: the axes they are in, limits of an orbit, and what vendors add."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from style3d.nerf.splats.origin import Origin, Record
from style3d.ply.lists import Rows
from style3d.remarks import remark

Array = np.ndarray[Any, Any]
QUANTIZATION, ORBIT, COORDINATE_SYSTEM = 0xADBE0001, 0xADBE0002, 0xADBE0003  # kinds of records
SYSTEMS = (  # axes by number; 0 is unspecified
    *("RUB", "LDB", "RDB", "LUB", "RUB", "LDF", "RDF", "LUF", "RUF"),
    *("LFD", "RFD", "LFU", "RFU", "LBD", "RBD", "LBU", "RBU"),
)
ELEVATION, RADIUS = "safe_orbit_camera_elevation_min_max_radians", "safe_orbit_camera_radius_min"
ORBIT_TABLES = (ELEVATION, RADIUS)  # in which PLY files hold what an orbit's record does


def read_records(content: bytes) -> tuple[tuple[Record, ...], int]:
    """Records of kind, length and content, and how many bytes they take: fewer than there are if one is cut short."""
    at, found = 0, list[Record]()
    while at + 8 <= len(content):
        kind, size = struct.unpack_from("<II", content, at)
        if not kind or size > len(content) - at - 8:
            break
        found.append(Record(kind, content[at + 8 : at + 8 + size]))
        at += 8 + size
    return tuple(found), at


def system_of(records: Sequence[Record]) -> str:
    """The axes that a record names, else x right, y up, z back."""
    for record in records:
        if record.kind == COORDINATE_SYSTEM and len(record.content) >= 4:
            number = int.from_bytes(record.content[:4], "little")
            return SYSTEMS[number] if number < len(SYSTEMS) else "RUB"
    return "RUB"


def origin_of(content: bytes, name: str) -> tuple[Origin, str]:
    """What the records of a file say, and the axes that it is in; those that nobody can carry are remarked."""
    records, end = read_records(content)
    if content[end:].strip(b"\0"):
        remark(f"{name}: records after the first {len(records)} cannot be read and are left out")
    system, tables = system_of(records), dict[str, Rows]()
    for record in records:
        if record.kind == ORBIT and len(record.content) == 12:
            numbers = np.frombuffer(record.content, "<f4")
            tables = {ELEVATION: _table(ELEVATION, numbers[:2]), RADIUS: _table(RADIUS, numbers[2:])}
    others = tuple(record for record in records if record.kind not in (QUANTIZATION, ORBIT, COORDINATE_SYSTEM))
    if others and system != "RUB":
        remark(f"{name}: records of vendors are left out, because their positions use other axes than the written file")
        others = ()
    return Origin(tables=tables, records=others), system


def record_bytes(origin: Origin) -> bytes:
    """The records of a file whose axes are x right, y up, z back."""
    records = list(origin.records)
    if all(name in origin.tables and name in origin.tables[name].columns for name in ORBIT_TABLES):
        numbers = np.concatenate([origin.tables[name].columns[name].astype("<f4") for name in ORBIT_TABLES])
        records.insert(0, Record(ORBIT, numbers.tobytes()))
    return b"".join(struct.pack("<II", record.kind, len(record.content)) + record.content for record in records)


def _table(name: str, values: Array) -> Rows:
    return Rows(len(values), {name: values}, {}, (name,))
