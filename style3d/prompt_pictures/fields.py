"""Drawn textures are made of random numbers, fields and flows from a seeded generator."""

from __future__ import annotations

import math

import torch
from torch import Generator, Tensor


def uniform(rng: Generator, low: float, high: float) -> float:
    """One number in [low, high)."""
    return low + (high - low) * float(torch.rand((), generator=rng))


def log_uniform(rng: Generator, low: float, high: float) -> float:
    """One number whose logarithm is uniform."""
    return math.exp(uniform(rng, math.log(low), math.log(high)))


def chance(rng: Generator, probability: float) -> bool:
    """True with that probability."""
    return uniform(rng, 0, 1) < probability


def rank(field: Tensor) -> Tensor:
    """Values replaced by their rank in [0, 1]: every palette colour gets its share."""
    order = field.flatten().argsort()
    out = torch.empty_like(field.flatten())
    out[order] = torch.linspace(0, 1, len(order))
    return out.reshape(field.shape)


def noise(
    rng: Generator, side: int, slope: float, cut: float = 0.0, stretch: float = 1.0, angle: float = 0.0
) -> Tensor:
    """Gaussian noise with amplitude spectrum 1/f^slope above ``cut`` cycles per image, stretched along ``angle``."""
    y = torch.fft.fftfreq(side)[:, None] * side
    x = torch.fft.fftfreq(side)[None, :] * side
    along = x * math.cos(angle) + y * math.sin(angle)
    across = -x * math.sin(angle) + y * math.cos(angle)
    frequency = torch.sqrt((along * stretch) ** 2 + across**2 + 0.25)
    amplitude = frequency.clamp_min(max(cut, 0.5)) ** -slope
    amplitude[0, 0] = 0
    white = torch.fft.fft2(torch.randn(side, side, generator=rng))
    field = torch.fft.ifft2(white * amplitude).real
    return field / field.std().clamp_min(1e-6)


def smooth(rng: Generator, side: int, waves: float) -> Tensor:
    """Noise with ``waves`` cycles per image at most, unit deviation."""
    y, x = torch.fft.fftfreq(side)[:, None] * side, torch.fft.fftfreq(side)[None, :] * side
    amplitude = torch.exp(-(x * x + y * y) / (2 * waves * waves))
    amplitude[0, 0] = 0
    field = torch.fft.ifft2(torch.fft.fft2(torch.randn(side, side, generator=rng)) * amplitude).real
    return field / field.std().clamp_min(1e-6)


def flow(rng: Generator, side: int) -> Tensor:
    """Angles (side, side) of a flow: straight, waving, along level lines, or around vortices."""
    kind, start = int(uniform(rng, 0, 4)), uniform(rng, 0, math.pi)
    if kind == 0:
        return torch.full((side, side), start) + 0.1 * smooth(rng, side, 2)
    if kind == 1:
        return start + uniform(rng, 0.3, 1.5) * smooth(rng, side, uniform(rng, 0.7, 3))
    if kind == 2:
        field = smooth(rng, side, uniform(rng, 1, 4))
        return torch.atan2(field.roll(-1, 0) - field.roll(1, 0), field.roll(-1, 1) - field.roll(1, 1)) + math.pi / 2
    y, x = torch.meshgrid(torch.linspace(0, 1, side), torch.linspace(0, 1, side), indexing="ij")
    u, v = torch.full_like(x, 0.4 * math.cos(start)), torch.full_like(x, 0.4 * math.sin(start))
    for _ in range(int(uniform(rng, 2, 7))):
        dx, dy = x - uniform(rng, 0, 1), y - uniform(rng, 0, 1)
        pull = torch.exp(-(dx * dx + dy * dy) / (2 * uniform(rng, 0.08, 0.3) ** 2)) * (1 if chance(rng, 0.5) else -1)
        radius = torch.sqrt(dx * dx + dy * dy) + 0.02
        u, v = u - 2 * pull * dy / radius, v + 2 * pull * dx / radius
    return torch.atan2(v, u)


def convolve_lines(field: Tensor, angle: Tensor, length: int) -> Tensor:
    """Line integral convolution (Cabral & Leedom 1993): the mean of a field along the flow, unit deviation."""
    side = field.shape[-1]
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    total = field.clone()
    turn = torch.stack([angle.cos(), angle.sin()])
    for sign in (1, -1):
        at = torch.stack([x, y]).float()
        for _ in range(length // 2):
            index = at[1].round().long() % side * side + at[0].round().long() % side
            at = at + sign * turn.flatten(1)[:, index]
            index = at[1].round().long() % side * side + at[0].round().long() % side
            total = total + field.flatten()[index]
    total = total - total.mean()
    return total / total.std().clamp_min(1e-6)
