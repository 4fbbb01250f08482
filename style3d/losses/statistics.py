"""Style terms compare statistics of feature maps: AdaIN's moments, centred covariance, and the Gram matrix."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

from torch import Tensor

from style3d.losses.moments import masked_covariance, masked_gram, masked_std
from style3d.losses.term import Frame, Prepared, Term, mixture

FLOOR = 1.0  # of the layer's mean standard deviation: keeps channels that hardly vary from ruling the sum


@final
@dataclass(frozen=True)
class Covariance(Term):
    """Mean and centred covariance per layer, in units of the style's standard deviations.

    With style mean μ*, covariance C* and σ*_i = √C*_ii (plus a floor), a layer of c channels adds

        1/c Σ_i ((μ_i − μ*_i) / σ*_i)² + 1/c Σ_ij ((C_ij − C*_ij) / (σ*_i σ*_j))²

    and layers are summed with their weights. Centred and normalised, it does not let a few strong channels decide, as
    the Gram matrix does (Gatys et al. 2016; the mean and variance part is the batch-norm loss of Li et al. 2017).
    """

    layers: tuple[tuple[str, float], ...] = ()  # (layer, weight)

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Mean, covariance and units of each layer."""
        total = mixture(
            [
                (_layer_statistics(frame, self.layers, masked_covariance, "covariance"), weight)
                for frame, weight in frames
            ]
        )
        for name in [key[5:] for key in total if key.startswith("mean:")]:
            spread = total[f"covariance:{name}"].diagonal().clamp_min(0).sqrt()
            total[f"unit:{name}"] = 1 / (spread.square() + (FLOOR * spread.mean()).square() + 1e-12).sqrt()
        return total

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when the moments of all layers agree."""
        total = frame.image.new_zeros(())
        for name, weight in self.layers:
            if name not in frame.features or f"unit:{name}" not in style:
                continue  # the image, or the style, is too small for this layer
            mean, covariance = masked_covariance(frame.features[name], frame.masks[name])
            unit = style[f"unit:{name}"]
            shift = (mean - style[f"mean:{name}"]) * unit
            spread = (covariance - style[f"covariance:{name}"]) * unit[:, None] * unit[None, :]
            total = total + weight * (shift.square().sum() + spread.square().sum()) / len(unit)
        return total


@final
@dataclass(frozen=True)
class Moments(Term):
    """AdaIN's moments per channel: Σ_l w_l (‖μ − μ*‖² + ‖σ − σ*‖²) / c (Huang & Belongie, ICCV 2017)."""

    layers: tuple[tuple[str, float], ...] = ()

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Mean and deviation of each layer."""
        return mixture(
            [(_layer_statistics(frame, self.layers, masked_std, "deviation"), weight) for frame, weight in frames]
        )

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when means and deviations agree."""
        total, weights = frame.image.new_zeros(()), dict(self.layers)
        for key, value in _layer_statistics(frame, self.layers, masked_std, "deviation").items():
            if key in style:
                total = total + weights[key.split(":", 1)[1]] * (value - style[key]).square().mean()
        return total


@final
@dataclass(frozen=True)
class Gram(Term):
    """Gatys, Ecker & Bethge (CVPR 2016), eq. 4-5: E_l = 1/(4 N_l² M_l²) Σ_ij (G_ij − A_ij)², L = Σ_l w_l E_l.

    N_l is the number of channels, M_l the number of positions (here the mask's sum), G and A the unnormalised Gram
    matrices of the image and of the style. Sizes of image and style differ, so A is scaled by M_image / M_style: each
    Gram matrix is divided by its own M_l, which with equal sizes is the paper's formula.
    """

    layers: tuple[tuple[str, float], ...] = ()

    def prepare_style(self, frames: Sequence[tuple[Frame, float]]) -> Prepared:
        """Gram matrix per position, A / M."""
        return mixture(
            [
                ({n: self._per_position(frame, n) for n, _ in self.layers if n in frame.features}, weight)
                for frame, weight in frames
            ]
        )

    def loss(self, frame: Frame, style: Prepared, content: Prepared) -> Tensor:
        """Zero when the Gram matrices agree."""
        total = frame.image.new_zeros(())
        for name, weight in self.layers:
            if name in frame.features and name in style:
                error = (self._per_position(frame, name) - style[name]).square().sum()
                total = total + weight * error / (4 * style[name].shape[0] ** 2)
        return total

    def _per_position(self, frame: Frame, name: str) -> Tensor:
        mask = frame.masks[name]
        return masked_gram(frame.features[name], mask) / mask.sum().clamp_min(1e-8)


def _layer_statistics(
    frame: Frame,
    layers: Sequence[tuple[str, float]],
    measure: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]],
    second: str,
) -> Prepared:
    """The mean and a second statistic of each layer the image is large enough for."""
    prepared: Prepared = {}
    for name, _ in layers:
        if name in frame.features:
            prepared[f"mean:{name}"], prepared[f"{second}:{name}"] = measure(frame.features[name], frame.masks[name])
    return prepared
