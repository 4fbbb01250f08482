"""nerfacto's field is kept twice: the trained field stays, and a copy's colours are painted."""

from __future__ import annotations

from contextlib import nullcontext
from copy import deepcopy
from typing import Any, final

import torch
from jaxtyping import Float
from nerfstudio.cameras.rays import Frustums, RaySamples
from nerfstudio.data.scene_box import SceneBox
from nerfstudio.field_components.field_heads import FieldHeadNames
from nerfstudio.fields.base_field import Field
from nerfstudio.fields.nerfacto_field import NerfactoField
from torch import Tensor, nn
from torch.nn import Parameter

Outputs = dict[FieldHeadNames, Tensor]


@final
class PaintedField(Field):
    """Density of ``geometry``; colour of ``paint`` once painting has begun.

    nerfacto computes density and the features of its colour head with one hash grid, so holding geometry still would
    leave colour nothing but a small network. The copy has a grid of its own, of which only the features are read.
    """

    painted: Tensor  # whether colour comes from ``paint``; kept in checkpoints

    def __init__(self, geometry: NerfactoField) -> None:
        super().__init__()
        self.geometry = geometry
        self.paint = deepcopy(geometry)
        self.register_buffer("painted", torch.tensor(False))
        self.register_load_state_dict_pre_hook(_adopt)
        base = self.paint.mlp_base
        if not isinstance(base.model, nn.Sequential):
            still = fused_network_size(base.num_levels * base.features_per_level, base)
            base.model.params.register_hook(lambda slope: torch.cat([torch.zeros_like(slope[:still]), slope[still:]]))

    @torch.no_grad()
    def start(self) -> None:
        """Begin to paint, on the colours as they were trained."""
        self.paint.load_state_dict(self.geometry.state_dict())
        self.painted.fill_(True)

    def grid(self) -> list[Parameter]:
        """The copy's hash grid; tiny-cuda-nn keeps a network in the same vector, whose gradient is taken out."""
        base = self.paint.mlp_base.model
        if isinstance(base, nn.Sequential):
            return list(base[0].parameters())
        return list(base.parameters())

    def limit_shared_steps(self, optimizer: torch.optim.Optimizer) -> None:
        """Shorten the optimiser's steps on the grid where places share an entry (see `step_shares`).

        Adam moves every entry by as much, however its places disagree: what they share comes out as grain. A fused grid
        is left as it is.
        """
        base = self.paint.mlp_base.model
        if not isinstance(base, nn.Sequential):
            return
        encoding: Any = base[0]
        table: Tensor = encoding.hash_table
        share = step_shares(encoding.scalings, encoding.hash_table_size).to(table)
        before: list[Tensor] = []

        def keep(*_: Any) -> None:
            before[:] = [table.detach().clone()]

        def shorten(*_: Any) -> None:
            with torch.no_grad():
                table.copy_(torch.lerp(before.pop(), table, share))

        optimizer.register_step_pre_hook(keep)
        optimizer.register_step_post_hook(shorten)

    def head(self) -> list[Parameter]:
        """The copy's network of colours and its appearance embedding."""
        parts = (self.paint.mlp_head, self.paint.embedding_appearance)
        return [parameter for part in parts if part is not None for parameter in part.parameters()]

    def get_density(self, ray_samples: RaySamples) -> tuple[Tensor, Tensor]:
        """The trained field's; without gradient while it is held still."""
        still = bool(self.painted) and not self.geometry.use_pred_normals
        with torch.no_grad() if still else nullcontext():
            density: tuple[Tensor, Tensor] = self.geometry.get_density(ray_samples)
        return density

    def get_normals(self) -> Tensor:
        """The trained field's."""
        normals: Tensor = self.geometry.get_normals()
        return normals

    def get_outputs(self, ray_samples: RaySamples, density_embedding: Tensor | None = None) -> Outputs:
        """Colours of the samples, and what else nerfacto predicts."""
        if not bool(self.painted):
            trained: Outputs = self.geometry.get_outputs(ray_samples, density_embedding)
            return trained
        shape = ray_samples.frustums.shape
        features = self._features(self.places(ray_samples).view(-1, 3)).view(*shape, -1)
        painted: Outputs = self.paint.get_outputs(ray_samples, features)
        if self.geometry.use_pred_normals:
            painted = {**self.geometry.get_outputs(ray_samples, density_embedding), **_colors(painted)}
        return painted

    def places(self, ray_samples: RaySamples) -> Float[Tensor, "*samples 3"]:
        """Where samples lie in the unit cube of the grids, as `NerfactoField.get_density` reckons it."""
        positions = ray_samples.frustums.get_positions()
        if self.paint.spatial_distortion is not None:
            positions = (self.paint.spatial_distortion(positions) + 2.0) / 4.0
        else:
            positions = SceneBox.get_normalized_positions(positions, self.paint.aabb)
        inside = ((positions > 0.0) & (positions < 1.0)).all(dim=-1)
        return positions * inside[..., None]

    def colors(self, places: Float[Tensor, "samples 3"], directions: Float[Tensor, "samples 3"]) -> Tensor:
        """Painted colours (samples, 3) at places of the unit cube, seen along directions."""
        none = directions.new_zeros(len(directions), 1)
        frustums = Frustums(torch.zeros_like(directions), directions, none, none, none)
        samples = RaySamples(frustums, camera_indices=none.long())
        rgb: Tensor = self.paint.get_outputs(samples, self._features(places))[FieldHeadNames.RGB]
        return rgb

    def _features(self, places: Float[Tensor, "samples 3"]) -> Float[Tensor, "samples features"]:
        """What the copy's grid holds there; its first number would be density."""
        features: Tensor = self.paint.mlp_base(places)
        return features[..., 1:]


def step_shares(sides: Float[Tensor, "levels"], size: int) -> Float[Tensor, "entries 1"]:
    """What a step on each entry of a hash grid is multiplied by: one over the places on surfaces that share it.

    Args:
        sides: cells along a side of the field's cube, by level; surfaces fill about twice a side's square of them.
        size: entries of a level.
    """
    return (size / (2 * sides.double() ** 2)).clamp(max=1).float().repeat_interleave(size)[:, None]


def fused_network_size(inputs: int, base: Any) -> int:
    """How many of tiny-cuda-nn's parameters are the network's; they stand before the grid's, without biases.

    Its matrices are as wide as `base.layer_width`, its ends padded to multiples of 16.
    """
    first, last = (-(-count // 16) * 16 for count in (inputs, base.out_dim))
    width: int = base.layer_width
    return first * width + (base.num_layers - 2) * width * width + width * last


def _colors(outputs: Outputs) -> Outputs:
    return {FieldHeadNames.RGB: outputs[FieldHeadNames.RGB]}


def _adopt(field: PaintedField, state: dict[str, Any], prefix: str, *_: Any) -> None:
    """A plain nerfacto's state becomes the trained field and its copy."""
    names = [name for name in state if name.startswith(prefix)]
    ours = tuple(prefix + part for part in ("geometry.", "paint.", "painted"))
    for name in [name for name in names if not name.startswith(ours)]:
        value = state.pop(name)
        state[f"{ours[0]}{name[len(prefix) :]}"] = value
        state[f"{ours[1]}{name[len(prefix) :]}"] = value
        state[ours[2]] = torch.tensor(False)
