"""The pipeline of ``style3d`` and ``style3d-splat`` reconstructs, recolours and paints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackAttributes, TrainingCallbackLocation
from nerfstudio.pipelines.base_pipeline import VanillaPipeline, VanillaPipelineConfig
from nerfstudio.utils import writer
from torch import Tensor

from style3d.core.camera import Camera
from style3d.device import is_missing
from style3d.errors import Style3DError
from style3d.job import recipe
from style3d.job.preset import PRESETS
from style3d.job.recipe import recipe_after
from style3d.nerf.nerfstudio.cameras import from_nerfstudio
from style3d.nerf.nerfstudio.canvas import Canvas
from style3d.nerf.nerfstudio.job import StyleJob
from style3d.nerf.nerfstudio.painter import Painter
from style3d.nerf.nerfstudio.schedule import Moment, Schedule
from style3d.types import Image, Picture

PHOTO_SAMPLES = 200_000  # pixels of the training photos, in all, whose colours are matched
NOT_YET = -1

Losses = tuple[Any, dict[str, Tensor], dict[str, Tensor]]


@dataclass
class StylePipelineConfig(VanillaPipelineConfig):
    """nerfstudio's pipeline, and what to paint like."""

    _target: type = field(default_factory=lambda: StylePipeline)
    style: StyleJob = StyleJob()  # noqa: RUF009 - frozen
    """The style and its settings, as style3d's own command takes them."""
    reconstruct_steps: int = 30_000
    """Steps of ordinary training before painting; none are made when a trained model is loaded."""
    recolor_steps: int = 200
    """Steps in which the colours are fitted to the recoloured photos, where they cannot be recoloured exactly."""
    recolor_rate: float = 0.01
    """Adam's step size for them."""
    consistency_weight: float = 100.0
    """Weight of the views' disagreement with their neighbours, warped through depth; 0 leaves it out."""

    def setup(self, **options: Any) -> Any:
        """The pipeline; says in one line when the device asked for is not there."""
        device = str(options.get("device", "cpu"))
        if is_missing(device):
            kind = device.partition(":")[0]
            raise SystemExit(f"style3d: there is no {kind} device here; add --machine.device-type cpu")
        return super().setup(**options)


class StylePipeline(VanillaPipeline):
    """Trains as the model's own method does, then paints its colours in a style, geometry held still.

    The step at which painting began is kept in checkpoints, so that an interrupted run goes on where it stopped. A
    checkpoint of a plain nerfacto or splatfacto is painted at once; a finished one is painted again from the original.
    """

    config: StylePipelineConfig
    painting_since: Tensor  # step, or `NOT_YET`

    def __init__(self, config: StylePipelineConfig, *arguments: Any, **options: Any) -> None:
        super().__init__(config, *arguments, **options)
        self.register_buffer("painting_since", torch.tensor(NOT_YET))
        self._first = config.reconstruct_steps  # the step at which painting starts, if it has not
        self._painter: Painter | None = None
        self._optimizers: Any = None
        self._end = 0  # the step before which the trainer stops

    @property
    def canvas(self) -> Canvas:
        """The model, as painting sees it."""
        canvas: Canvas = self.model
        return canvas

    @property
    def has_begun(self) -> bool:
        """Whether painting has begun."""
        return int(self.painting_since) != NOT_YET

    @property
    def schedule(self) -> Schedule:
        """Of the painting."""
        config = self.config
        steps = 0 if self.canvas.recolors_exactly else config.recolor_steps
        preset = PRESETS[config.style.preset].without_patches()
        return Schedule(steps, config.recolor_rate, recipe_after(preset, config.style).stages)

    def load_pipeline(self, loaded_state: Mapping[str, Any], step: int) -> None:
        """A checkpoint of ours, or of the plain method."""
        super().load_pipeline(dict(loaded_state), step)
        if "painting_since" not in loaded_state:
            self._first = step + 1
        elif self.has_begun and step + 1 >= int(self.painting_since) + self.schedule.steps:
            self.painting_since.fill_(NOT_YET)
            self._first = step + 1
        elif self.has_begun:
            self.canvas.freeze_geometry()
        else:
            self._first = max(self._first, step + 1)

    def get_training_callbacks(self, attributes: TrainingCallbackAttributes) -> list[TrainingCallback]:
        """The model's own, which rest while painting, and ours; the trainer is told how many steps there are."""
        callbacks = super().get_training_callbacks(attributes)
        for callback in callbacks:
            callback.func = self._unless_painting(callback.func)
        self._painter = self._checked_painter()
        if self.has_begun:
            self._painter.recolor_from(self._photos())
        self._optimizers = attributes.optimizers
        if attributes.trainer is not None:
            self._limit(attributes.trainer)
        return [TrainingCallback([TrainingCallbackLocation.BEFORE_TRAIN_ITERATION], self._before), *callbacks]

    def get_train_loss_dict(self, step: int) -> Losses:
        """A step of the phase it belongs to."""
        if not self.has_begun:
            losses: Losses = super().get_train_loss_dict(step)
            return losses
        moment = self._moment(step)
        if moment.stage < 0:
            return self._recolor(step)
        self.model.eval()  # as it will be looked at: no jitter, the mean appearance; backward renders again
        assert self._painter is not None
        with torch.autocast(self.device.type, enabled=False):  # statistics of features need all their digits
            terms = self._painter.losses(moment)
        total = float(sum(float(term.detach()) for term in terms.values()))
        if not np.isfinite(total):
            raise SystemExit("style3d: the loss is not finite; lower --pipeline.style.learning-rate")
        return {}, terms, {name: term.detach() for name, term in terms.items()}

    @torch.no_grad()
    def before_and_after(self, count: int) -> list[tuple[Picture, Picture]]:
        """Some of the views that are painted, spread over the capture: before painting, and as they are now."""
        self.model.eval()
        cameras = self.cameras()
        chosen = [cameras[int(index)] for index in np.linspace(0, len(cameras) - 1, count + 2).round()[1:-1]]
        views = [self.canvas.trace(camera) for camera in chosen]
        return [(_picture(view.image), _picture(self.canvas.render_painted(view.traced))) for view in views]

    def cameras(self) -> list[Camera]:
        """The training cameras that are painted from, at the job's resolution."""
        cameras, plan = self.datamanager.train_dataset.cameras, recipe(self.config.style)
        count = min(len(cameras), self.config.style.views or len(cameras))
        chosen = np.linspace(0, len(cameras) - 1, count).round().astype(int)
        return [from_nerfstudio(cameras, int(index), plan.resolution) for index in chosen]

    def _checked_painter(self) -> Painter:
        try:
            style = self.config.style.validate()
            return Painter(self.canvas, self.cameras(), style, self.config.consistency_weight, self.device)
        except Style3DError as error:
            raise SystemExit(f"style3d: {error}") from None

    def _limit(self, trainer: Any) -> None:
        """As many steps as are left, or as the user allows."""
        since = int(self.painting_since) if self.has_begun else self._first
        left = max(1, since + self.schedule.steps - trainer._start_step)
        trainer.config.max_num_iterations = min(trainer.config.max_num_iterations, left)
        self._end = trainer._start_step + trainer.config.max_num_iterations

    def _unless_painting(self, function: Callable[..., None]) -> Callable[..., None]:
        def unless_painting(*arguments: Any, step: int, **options: Any) -> None:
            if not self.has_begun:
                function(*arguments, step=step, **options)

        return unless_painting

    def _before(self, step: int) -> None:
        """Begin to paint when it is time, and set the step size; the trainer counts steps from the wrong start."""
        writer.GLOBAL_BUFFER["max_iter"] = self._end
        if not self.has_begun and step >= self._first:
            self._begin(step)
        if self.has_begun:
            self._set_rates(self._moment(step))

    def _set_rates(self, moment: Moment) -> None:
        """The step sizes of a moment; painting starts with no memory of how colours were fitted."""
        for name, factor in self.canvas.rates.items():
            optimizer = self._optimizers.optimizers[name]
            if (moment.stage, moment.step) == (0, 0):
                optimizer.state.clear()
            for group in optimizer.param_groups:
                group["lr"] = moment.rate * (1 if moment.stage < 0 else factor)

    def _begin(self, step: int) -> None:
        assert self._painter is not None
        self._painter.recolor_from(self._photos())
        self.canvas.start_painting(self._painter.matrix, self._painter.offset)
        for name in self.canvas.rates:
            self._optimizers.optimizers[name].state.clear()
        self.painting_since.fill_(step)

    def _moment(self, step: int) -> Moment:
        return self.schedule.at(step - int(self.painting_since))

    def _recolor(self, step: int) -> Losses:
        """An ordinary step on photos whose colours are the style's."""
        assert self._painter is not None
        rays, batch = self.datamanager.next_train(step)
        image = self._painter.recolor(batch["image"][..., :3])
        batch["image"] = torch.cat([image, batch["image"][..., 3:]], dim=-1)
        outputs = self._model(rays)
        metrics = self.model.get_metrics_dict(outputs, batch)
        losses = self.model.get_loss_dict(outputs, batch, metrics)
        return outputs, {"recolor": losses["rgb_loss"]}, metrics

    def _photos(self) -> Float[Tensor, "n 3"]:
        """Colours of the training photos, evenly sampled."""
        dataset = self.datamanager.train_dataset
        each = max(1, PHOTO_SAMPLES // len(dataset))
        parts = []
        for index in range(len(dataset)):
            image = dataset.get_image_float32(index)
            flat = image.reshape(-1, image.shape[-1])
            flat = flat[flat[:, 3] > 0.5] if flat.shape[1] == 4 else flat
            parts.append(flat[:: max(1, len(flat) // each), :3])
        return torch.cat(parts).float()


def _picture(image: Image) -> Picture:
    return image[0].permute(1, 2, 0).float().clamp(0, 1).cpu().numpy()
