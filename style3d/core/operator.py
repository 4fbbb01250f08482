"""A view operator renders image_v = A_v · θ + b_v by sparse linear maps."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float, Int32, Int64
from torch import Tensor

from style3d.core import kernels
from style3d.device import sparse_on
from style3d.types import Colors, Image, Indices, Mask, Pixels, Weights

CHANNELS = 3  # of a colour: what every step multiplies


@final
@dataclass(frozen=True)
class SparseMap:
    """A linear map in compressed rows, applied to any number of channels at once; three are fastest.

    Concretely: 100 000 pixels by 150 000 texels with nine weights a pixel. It assumes that ``indptr`` rises from 0
    to the number of weights, and that ``indices`` lie below ``columns``; nothing checks them in the loop. `apply`
    and `adjoint` are differentiable to their input, and weights are constants. On a device that multiplies sparse
    matrices, a copy stays there after the first call; elsewhere compiled loops multiply in place. `compose` makes
    one map of two, and `column_sums` tells which columns no row reads.

    Examples:
        >>> import numpy as np, torch
        >>> first = SparseMap(np.array([0, 2, 3]), np.array([0, 2, 1], np.int32), np.array([0.5, 0.5, 1.0]), columns=3)
        >>> first.apply(torch.tensor([[0.0], [1.0], [2.0]])).tolist()
        [[1.0], [1.0]]
        >>> first.adjoint(torch.tensor([[1.0], [10.0]])).tolist()
        [[0.5], [10.0], [0.5]]
    """

    indptr: Int64[np.ndarray, "rows_and_end"]
    indices: Int32[np.ndarray, "nonzeros"]  # column of each weight
    weights: Float[np.ndarray, "nonzeros"]
    columns: int

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.indptr) - 1

    @property
    def nbytes(self) -> int:
        """Memory held by the three arrays."""
        return int(self.indptr.nbytes + self.indices.nbytes + self.weights.nbytes)

    def apply(self, values: Float[Tensor, "columns channels"]) -> Float[Tensor, "rows channels"]:
        """A · values."""
        return _Apply.apply(values, self)  # type: ignore[no-any-return, no-untyped-call]

    def adjoint(self, values: Float[Tensor, "rows channels"]) -> Float[Tensor, "columns channels"]:
        """Aᵀ · values."""
        if sparse_on(values.device):
            return torch.sparse.mm(self._on(values)[1], values)
        out = np.empty((self.columns, values.shape[1]), _numpy_dtype(values))
        multiply = kernels.csr_adjoint if values.shape[1] == CHANNELS else kernels.csr_adjoint_wide
        multiply(self.indptr, self.indices, self.weights, _numpy(values), out)
        return torch.from_numpy(out).to(values.device)

    def column_sums(self) -> Float[np.ndarray, "columns"]:
        """Σ of each column: zero where no row looks."""
        sums = np.bincount(self.indices, weights=self.weights, minlength=self.columns)
        return sums.astype(np.float64, copy=False)  # of nothing numpy makes whole numbers

    def row_sums(self) -> Float[np.ndarray, "rows"]:
        """Σ of each row: the share of a pixel that the map's columns colour."""
        sums = np.concatenate([[0.0], np.cumsum(self.weights, dtype=np.float64)])
        return sums[self.indptr[1:]] - sums[self.indptr[:-1]]

    def compose(self, other: SparseMap) -> SparseMap:
        """The product self · other, as one map."""
        return from_scipy(self.scipy() @ other.scipy())

    def as_one_map(self) -> SparseMap:
        """Itself: it is one map."""
        return self

    def scipy(self) -> Any:
        """The same map as a scipy.sparse CSR array."""
        from scipy.sparse import csr_array

        return csr_array((self.weights, self.indices, self.indptr), shape=(self.rows, self.columns))

    def to_torch(self, like: Tensor) -> Tensor:
        """The same map as a torch sparse CSR tensor of the device and dtype of ``like``."""
        return self._on(like)[0]

    @cached_property
    def _copies(self) -> dict[tuple[str, torch.dtype], tuple[Tensor, Tensor]]:
        return {}

    def _on(self, like: Tensor) -> tuple[Tensor, Tensor]:
        """The map and its transpose on the device of ``like``, made once."""
        key = str(like.device), like.dtype
        if key not in self._copies:
            self._copies[key] = _torch_csr(self.scipy(), like), _torch_csr(self.scipy().T.tocsr(), like)
        return self._copies[key]


@final
@dataclass(frozen=True)
class Product:
    """One map after another, kept apart where their product would hold many times their weights.

    Concretely: 60 000 pixels that read splats, and splats that are means of twenty colours, one for each direction.
    """

    outer: SparseMap
    inner: SparseMap

    @property
    def rows(self) -> int:
        """Rows of the outer map."""
        return self.outer.rows

    @property
    def columns(self) -> int:
        """Columns of the inner map."""
        return self.inner.columns

    @property
    def nbytes(self) -> int:
        """Memory held by both."""
        return self.outer.nbytes + self.inner.nbytes

    def apply(self, values: Float[Tensor, "columns channels"]) -> Float[Tensor, "rows channels"]:
        """Outer · inner · values."""
        return self.outer.apply(self.inner.apply(values))

    def adjoint(self, values: Float[Tensor, "rows channels"]) -> Float[Tensor, "columns channels"]:
        """Innerᵀ · outerᵀ · values."""
        return self.inner.adjoint(self.outer.adjoint(values))

    def column_sums(self) -> Float[np.ndarray, "columns"]:
        """Σ of each column of the product."""
        sums: Float[np.ndarray, "columns"] = self.inner.scipy().T @ self.outer.column_sums()
        return sums

    def row_sums(self) -> Float[np.ndarray, "rows"]:
        """Σ of each row of the product."""
        sums: Float[np.ndarray, "rows"] = self.outer.scipy() @ self.inner.row_sums()
        return sums

    def as_one_map(self) -> SparseMap:
        """The product as one map."""
        return self.outer.compose(self.inner)

    def scipy(self) -> Any:
        """The product as a scipy.sparse CSR array."""
        return self.outer.scipy() @ self.inner.scipy()


class _Apply(torch.autograd.Function):
    """Forward A·x, backward Aᵀ·g."""

    @staticmethod
    def forward(ctx: Any, values: Tensor, matrix: SparseMap) -> Tensor:
        ctx.matrix = matrix
        if sparse_on(values.device):
            return torch.sparse.mm(matrix.to_torch(values), values)
        out = np.empty((matrix.rows, values.shape[1]), _numpy_dtype(values))
        multiply = kernels.csr_apply if values.shape[1] == CHANNELS else kernels.csr_apply_wide
        multiply(matrix.indptr, matrix.indices, matrix.weights, _numpy(values), out)
        return torch.from_numpy(out).to(values.device)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        return ctx.matrix.adjoint(gradients[0].contiguous()), None


def _numpy(values: Tensor) -> Any:
    return values.detach().cpu().contiguous().numpy()


def _numpy_dtype(values: Tensor) -> Any:
    return np.float64 if values.dtype == torch.float64 else np.float32


def _torch_csr(matrix: Any, like: Tensor) -> Tensor:
    parts = (torch.from_numpy(np.asarray(part)) for part in (matrix.indptr, matrix.indices, matrix.data))
    indptr, indices, data = parts
    return torch.sparse_csr_tensor(
        indptr.to(torch.int64), indices.to(torch.int64), data, matrix.shape, dtype=like.dtype, device=like.device
    )


def from_scipy(matrix: Any) -> SparseMap:
    """A SparseMap of any scipy.sparse matrix, duplicates summed."""
    csr = matrix.tocsr()
    csr.sum_duplicates()
    return SparseMap(csr.indptr.astype(np.int64), csr.indices.astype(np.int32), csr.data, int(csr.shape[1]))


def apply_reference(
    matrix: SparseMap | Product, values: Float[Tensor, "columns channels"]
) -> Float[Tensor, "rows channels"]:
    """The slow twin of `apply`: gather, weigh, `index_add`; any device, differentiable to ``values``."""
    if isinstance(matrix, Product):
        return apply_reference(matrix.outer, apply_reference(matrix.inner, values))
    row = torch.repeat_interleave(torch.from_numpy(np.diff(matrix.indptr))).to(values.device)
    column = torch.from_numpy(matrix.indices.astype(np.int64)).to(values.device)
    weight = torch.from_numpy(np.asarray(matrix.weights)).to(values)[:, None]
    return values.new_zeros(matrix.rows, values.shape[1]).index_add(0, row, values[column] * weight)


@final
@dataclass(frozen=True)
class ViewOperator:
    """One view's A_v and b_v: what every optimisation step applies. image = light · (A_v · values) + b_v.

    It assumes that geometry, camera and light stay as they were when it was built. ``matrix`` has one column for
    each entry of θ that the view sees, and ``entries`` names these rows of θ in ascending order; so a step costs
    what the view sees and not the size of the table. ``light`` multiplies each pixel's painted colour. ``fixed`` is
    what is not painted, premultiplied. What neither covers, 1 − ``alpha``, shows the backdrop that `image` is given.

    Examples:
        >>> import numpy as np, torch
        >>> half = SparseMap(np.array([0, 1]), np.array([0], np.int32), np.array([0.5]), columns=1)
        >>> view = ViewOperator(half, np.array([7]), light=np.ones((1, 3)), fixed=np.zeros((1, 3)),
        ...                     alpha=np.array([0.5]), height=1, width=1)  # a pixel, half full
        >>> table = torch.zeros(9, 3)
        >>> table[7] = torch.tensor([1.0, 0.0, 0.0])
        >>> view.render(table, torch.ones(3)).flatten().tolist()  # half red, half of the white backdrop
        [1.0, 0.5, 0.5]
    """

    matrix: SparseMap | Product
    entries: Int64[np.ndarray, "columns"]  # rows of θ, ascending
    light: Float[np.ndarray, "pixels 3"]  # display-referred factor, [0, 1]
    fixed: Float[np.ndarray, "pixels 3"]  # display-referred, premultiplied
    alpha: Float[np.ndarray, "pixels"]  # share of the pixel covered by anything, [0, 1]
    height: int
    width: int

    @property
    def nbytes(self) -> int:
        """Memory held, without copies on other devices."""
        arrays = (self.entries, self.light, self.fixed, self.alpha)
        return self.matrix.nbytes + sum(array.nbytes for array in arrays)

    def apply(self, values: Float[Tensor, "columns 3"]) -> Pixels:
        """The linear part, light · A_v · values: painted colour, zero elsewhere. Differentiable to ``values``."""
        return self.matrix.apply(values) * self._like(values, "light")

    def adjoint(self, pixels: Pixels) -> Float[Tensor, "columns 3"]:
        """The transpose of `apply`."""
        return self.matrix.adjoint((pixels * self._like(pixels, "light")).contiguous())

    def backdrop(self, color: Float[Tensor, "3"]) -> Pixels:
        """b_v for a uniform background colour."""
        return self._like(color, "fixed") + (1 - self._like(color, "alpha"))[:, None] * color

    def image(self, values: Float[Tensor, "columns 3"], color: Float[Tensor, "3"]) -> Image:
        """A_v · values + b_v as networks take it."""
        return self.as_image(self.apply(values) + self.backdrop(color))

    def render(self, colors: Colors, color: Float[Tensor, "3"]) -> Image:
        """The image of a whole table θ."""
        return self.image(colors[torch.from_numpy(self.entries).to(colors.device)], color)

    def mask(self, like: Tensor) -> Mask:
        """Coverage by painted surface, in [0, 1]."""
        return self._like(like, "coverage").reshape(1, 1, self.height, self.width)

    def as_image(self, pixels: Pixels) -> Image:
        """Pixels as (1, 3, h, w)."""
        return pixels.T.contiguous().reshape(1, 3, self.height, self.width)

    @cached_property
    def coverage(self) -> Float[np.ndarray, "pixels"]:
        """Share of each pixel that is painted."""
        return np.clip(self.matrix.row_sums(), 0, 1).astype(np.float32)

    def column_sums(self) -> tuple[Indices, Weights]:
        """Entries seen and the pixels' worth of each: the coverage law."""
        return self.entries, self.matrix.column_sums()

    @cached_property
    def _tensors(self) -> dict[tuple[str, str, torch.dtype], Tensor]:
        return {}

    def _like(self, like: Tensor, name: str) -> Tensor:
        key = name, str(like.device), like.dtype
        if key not in self._tensors:
            self._tensors[key] = torch.from_numpy(np.asarray(getattr(self, name))).to(like)
        return self._tensors[key]
