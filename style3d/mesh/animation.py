"""A pose is a moment of an animation, or the pose a rig was bound in. It sets the nodes' transforms."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Any, final

import numpy as np
from jaxtyping import Float64

from style3d.errors import Style3DError
from style3d.gltf.accessors import Accessors
from style3d.gltf.document import Document, Json

BIND = "bind"
FIELDS = {"translation": 3, "rotation": 4, "scale": 3}
Array = np.ndarray[Any, Any]


@final
@dataclass(frozen=True)
class Pose:
    """How a rig stands while it is painted; the file itself keeps its own.

    Concretely: the animation "Run" after 0.4 seconds.
    """

    animation: str  # name or number; `BIND` for the pose the skin was bound in
    time: float = 0.0  # seconds from the animation's start


def parse_pose(text: str) -> Pose:
    """``Run:0.4``, ``0:0.4`` or ``bind``.

    Raises:
        Style3DError: it is none of these.
    """
    if text == BIND:
        return Pose(BIND)
    name, _, time = text.rpartition(":")
    try:
        seconds = float(time)
    except ValueError:
        seconds = math.nan
    if not name or not math.isfinite(seconds) or seconds < 0:
        raise Style3DError("--pose is not understood", got=repr(text), expected="ANIMATION:SECONDS or bind")
    return Pose(name, seconds)


def at_pose(document: Document, pose: Pose | None) -> Document:
    """The document with its nodes as they are at a pose, for rendering only; morph weights move too.

    Follows glTF 2.0, appendix C: linear (spherical for rotations), step and cubic Hermite interpolation.

    Raises:
        Style3DError: there is no such animation, or it is not that long.
    """
    if pose is None or pose.animation == BIND:
        return document
    animation = _find(document, pose)
    reader, changed = Accessors(document), copy.deepcopy(document.json)
    ends = [float(reader.floats(s["input"])[-1, 0]) for s in animation.get("samplers", [])]
    if pose.time > max(ends, default=0.0) + 1e-6:
        expected = f"0 to {max(ends, default=0.0):.4g} seconds"
        raise Style3DError(f"the animation {pose.animation!r} ends before that time", got=pose.time, expected=expected)
    for channel in animation.get("channels", []):
        _apply(reader, changed, animation["samplers"][channel["sampler"]], channel["target"], pose.time)
    return replace(document, json=changed)


def _find(document: Document, pose: Pose) -> Json:
    animations = document.items("animations")
    for index, item in enumerate(animations):
        if pose.animation in (item.get("name"), str(index)):
            return item
    names = ", ".join(str(item.get("name", index)) for index, item in enumerate(animations)) or "none"
    raise Style3DError("the model has no such animation", got=repr(pose.animation), expected=f"one of: {names}")


def _apply(reader: Accessors, changed: Json, sampler: Json, target: Json, time: float) -> None:
    """Set what one channel moves."""
    path, node = target.get("path"), target.get("node")
    if node is None or path not in (*FIELDS, "weights"):
        return  # of an extension, such as KHR_animation_pointer
    reader.document.item("nodes", node)
    times = reader.floats(sampler["input"])[:, 0]
    values = reader.floats(sampler["output"])
    kind = sampler.get("interpolation", "LINEAR")
    width = FIELDS.get(path) or values.size // (len(times) * (3 if kind == "CUBICSPLINE" else 1))
    rows = 3 if kind == "CUBICSPLINE" else 1
    if not len(times) or values.size != len(times) * rows * width:
        got = f"{values.size} numbers for {len(times)} key frames of {path}"
        raise Style3DError("an animation is damaged", got=got, hint="export the asset again")
    found = value_at(times, values.reshape(len(times), rows, width), kind, time, turn=path == "rotation")
    item = changed["nodes"][node]
    if path != "weights":
        item.pop("matrix", None)
    item[path] = found.tolist()


def value_at(
    times: Float64[np.ndarray, "keys"],
    values: Float64[np.ndarray, "keys rows width"],
    kind: str,
    time: float,
    *,
    turn: bool,
) -> Float64[np.ndarray, "width"]:
    """A sampler's value; before its first and after its last key it holds them.

    Args:
        times: ascending, seconds.
        values: one row a key; for CUBICSPLINE in-tangent, value and out-tangent.
        kind: LINEAR, STEP or CUBICSPLINE.
        time: seconds.
        turn: whether the values are unit quaternions.
    """
    cubic = kind == "CUBICSPLINE"
    middle = values[:, 1 if cubic else 0]
    after = int(np.searchsorted(times, time, side="right"))
    if after == 0 or after == len(times):
        return middle[min(after, len(times) - 1)]
    start, length = after - 1, times[after] - times[after - 1]
    share = float((time - times[start]) / length)
    if kind == "STEP":
        return middle[start]
    if not cubic:
        return (
            _slerp(middle[start], middle[after], share) if turn else middle[start] * (1 - share) + middle[after] * share
        )
    square, cube = share**2, share**3
    result = (2 * cube - 3 * square + 1) * middle[start] + (cube - 2 * square + share) * length * values[start, 2]
    result += (3 * square - 2 * cube) * middle[after] + (cube - square) * length * values[after, 0]
    return result / (np.linalg.norm(result) or 1.0) if turn else result


def _lerp(a: Array, b: Array, share: float) -> Array:
    return a * (1 - share) + b * share


def _slerp(a: Array, b: Array, share: float) -> Array:
    cosine = float(a @ b)
    if cosine < 0:
        b, cosine = -b, -cosine
    if cosine > 0.9995:
        mixed = a + share * (b - a)
        return mixed / (np.linalg.norm(mixed) or 1.0)
    angle = math.acos(min(cosine, 1.0))
    return (math.sin((1 - share) * angle) * a + math.sin(share * angle) * b) / math.sin(angle)
