"""Compiled loops compute the sparse products of every step on the CPU; `operator` holds their pure-torch twins.

Sums are taken in a fixed order whatever the number of threads, so the same input gives the same bytes.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit, prange


class AdamTables(NamedTuple):
    """A level's numbers and what Adam remembers of them, all changed in place."""

    parameter: Any  # (n, 3)
    first: Any  # (n, 3)
    second: Any  # (n, 3)
    count: Any  # (n,) updates


BLOCKS = 4  # the adjoint's private accumulators; fixed, so results do not depend on the machine's cores


@njit(cache=True, parallel=True, fastmath=False)
def csr_apply(indptr: Any, indices: Any, weights: Any, values: Any, out: Any) -> None:
    """out[row] = Σ weights · values[indices] over the row, of three channels."""
    for row in prange(len(indptr) - 1):
        red = green = blue = out.dtype.type(0)
        for k in range(indptr[row], indptr[row + 1]):
            weight, column = weights[k], indices[k]
            red += weight * values[column, 0]
            green += weight * values[column, 1]
            blue += weight * values[column, 2]
        out[row, 0], out[row, 1], out[row, 2] = red, green, blue


@njit(cache=True, parallel=True, fastmath=False)
def csr_adjoint(indptr: Any, indices: Any, weights: Any, values: Any, out: Any) -> None:
    """out[column] = Σ weights · values[row] over the column, of three channels; ``out`` is overwritten."""
    rows = len(indptr) - 1
    private = np.zeros((BLOCKS, out.shape[0], 3), out.dtype)
    for block in prange(BLOCKS):
        for row in range(rows * block // BLOCKS, rows * (block + 1) // BLOCKS):
            red, green, blue = values[row, 0], values[row, 1], values[row, 2]
            for k in range(indptr[row], indptr[row + 1]):
                weight, column = weights[k], indices[k]
                private[block, column, 0] += weight * red
                private[block, column, 1] += weight * green
                private[block, column, 2] += weight * blue
    for column in prange(out.shape[0]):
        for channel in range(3):
            total = private[0, column, channel]
            for block in range(1, BLOCKS):
                total += private[block, column, channel]
            out[column, channel] = total


@njit(cache=True, parallel=True, fastmath=False)
def csr_apply_wide(indptr: Any, indices: Any, weights: Any, values: Any, out: Any) -> None:
    """`csr_apply` for any number of channels, each summed in the same order."""
    for row in prange(len(indptr) - 1):
        for channel in range(out.shape[1]):
            total = out.dtype.type(0)
            for k in range(indptr[row], indptr[row + 1]):
                total += weights[k] * values[indices[k], channel]
            out[row, channel] = total


@njit(cache=True, parallel=True, fastmath=False)
def csr_adjoint_wide(indptr: Any, indices: Any, weights: Any, values: Any, out: Any) -> None:
    """`csr_adjoint` for any number of channels, each summed in the same order."""
    rows, channels = len(indptr) - 1, out.shape[1]
    private = np.zeros((BLOCKS, out.shape[0], channels), out.dtype)
    for block in prange(BLOCKS):
        for row in range(rows * block // BLOCKS, rows * (block + 1) // BLOCKS):
            for k in range(indptr[row], indptr[row + 1]):
                for channel in range(channels):
                    private[block, indices[k], channel] += weights[k] * values[row, channel]
    for column in prange(out.shape[0]):
        for channel in range(channels):
            total = private[0, column, channel]
            for block in range(1, BLOCKS):
                total += private[block, column, channel]
            out[column, channel] = total


@njit(cache=True, parallel=True, fastmath=False)
def adam_rows(rows: Any, gradient: Any, state: AdamTables, axes: Any, rates: Any, betas: Any, eps: float) -> None:
    """Adam on the listed rows alone, in place, each with the bias correction of its own number of updates.

    Slopes and steps are taken along ``axes``, unit columns, each at a rate of its own.
    """
    beta1, beta2 = betas
    parameter, first, second, count = state
    for i in prange(len(rows)):
        row = rows[i]
        count[row] += 1
        scale1, scale2 = 1 / (1 - beta1 ** count[row]), 1 / (1 - beta2 ** count[row])
        for axis in range(3):
            slope = gradient[i, 0] * axes[0, axis] + gradient[i, 1] * axes[1, axis] + gradient[i, 2] * axes[2, axis]
            first[row, axis] = beta1 * first[row, axis] + (1 - beta1) * slope
            second[row, axis] = beta2 * second[row, axis] + (1 - beta2) * slope * slope
            step = rates[axis] * first[row, axis] * scale1 / (np.sqrt(second[row, axis] * scale2) + eps)
            for channel in range(3):
                parameter[row, channel] -= step * axes[channel, axis]
