"""A skeleton of joints that only translate at rest, with smooth weights and sampled rotations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recipes.gltf import Writer
from recipes.noise import Field


@dataclass(frozen=True)
class Joint:
    """One bone: where it turns, on which bone it hangs, and how it moves."""

    name: str
    at: tuple[float, float, float]  # metres, in the space of the mesh
    parent: int  # index of an earlier joint, -1 for the root
    axis: tuple[float, float, float]  # unit axis of its swing
    swing: float  # amplitude, radians
    phase: float  # radians behind the root


def add_skeleton(writer: Writer, joints: list[Joint]) -> tuple[int, list[int]]:
    """Add nodes and skin; return the skin and the joints' nodes."""
    nodes = []
    for joint in joints:
        origin = joints[joint.parent].at if joint.parent >= 0 else (0.0, 0.0, 0.0)
        nodes.append(writer.add("nodes", name=joint.name, translation=np.subtract(joint.at, origin).tolist()))
        if joint.parent >= 0:
            writer.document["nodes"][nodes[joint.parent]].setdefault("children", []).append(nodes[-1])
    writer.root(nodes[0])
    inverse = np.tile(np.eye(4, dtype=np.float32), (len(joints), 1, 1))
    inverse[:, :3, 3] = [[-c for c in joint.at] for joint in joints]
    skin = writer.add(
        "skins", name="skeleton", skeleton=nodes[0], joints=nodes, inverseBindMatrices=writer.array(inverse)
    )
    return skin, nodes


def add_swing(
    writer: Writer, name: str, joints: list[Joint], nodes: list[int], period: float, keys: int, bob: float
) -> None:
    """A loop of `period` seconds in which each joint swings as a sine; the root also bobs by `bob` metres."""
    time = np.linspace(0, period, keys).astype(np.float32)
    clock = writer.array(time, bounds=True)
    turn = 2 * np.pi * np.linspace(0, 1, keys)
    samplers, channels = [], []

    def channel(node: int, path: str, values: Field) -> None:
        samplers.append({"input": clock, "output": writer.array(values.astype(np.float32)), "interpolation": "LINEAR"})
        channels.append({"sampler": len(samplers) - 1, "target": {"node": node, "path": path}})

    for joint, node in zip(joints, nodes, strict=True):
        half = 0.5 * joint.swing * np.sin(turn - joint.phase)
        channel(node, "rotation", np.concatenate([np.outer(np.sin(half), joint.axis), np.cos(half)[:, None]], 1))
    channel(nodes[0], "translation", np.asarray(joints[0].at) + np.outer(bob * np.sin(turn), [0.0, 1.0, 0.0]))
    writer.add("animations", name=name, samplers=samplers, channels=channels)


def chain_weights(along: Field, joints: Field) -> Field:
    """Weights (v, j) of points at `along` on a chain of joints at falling positions (j,), smooth in between."""
    weights = np.zeros((len(along), len(joints)))
    at = np.clip(along, joints[-1], joints[0])
    segment = np.clip(np.searchsorted(-joints, -at, side="right") - 1, 0, len(joints) - 2)
    t = (joints[segment] - at) / (joints[segment] - joints[segment + 1])
    t = t * t * (3 - 2 * t)
    rows = np.arange(len(along))
    weights[rows, segment], weights[rows, segment + 1] = 1 - t, t
    return weights


def strongest(weights: Field, count: int = 4) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """The four largest weights of each vertex, normalised, as JOINTS_0 and WEIGHTS_0; unused slots name joint 0."""
    order = np.argsort(-weights, axis=1, kind="stable")[:, :count]
    kept = np.take_along_axis(weights, order, 1)
    kept = np.where(kept < 1e-3, 0.0, kept)
    kept = (kept / kept.sum(1, keepdims=True)).astype(np.float32)
    return np.where(kept > 0, order, 0).astype(np.uint8), kept
