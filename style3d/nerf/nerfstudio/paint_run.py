"""`style3d nerf` paints a trained nerfstudio run without any flags of nerfstudio's."""

from __future__ import annotations

import random
from contextlib import redirect_stdout
from dataclasses import dataclass
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any, final

import numpy as np
import torch

from style3d.device import pick_device
from style3d.errors import Style3DError
from style3d.files import check_readable
from style3d.job import FieldJob
from style3d.nerf.nerfstudio.job import style_of
from style3d.nerf.nerfstudio.read_config import TrainedRun, read_run, restore_settings
from style3d.optional.libraries import need
from style3d.optional.torchvision_compat import import_torchvision
from style3d.progress import Watcher
from style3d.types import Picture

METHODS = {"nerfacto": "nerfacto", "style3d": "nerfacto", "splatfacto": "splatfacto", "style3d-splat": "splatfacto"}
SHOWN = 5  # views on the contact sheet


@final
@dataclass(frozen=True)
class PaintedRun:
    """What painting leaves behind. Concretely: "outputs/fox/style3d/2026-05-04_120000/config.yml" and five views."""

    config: Path
    steps: int  # that were made, the recolouring among them
    complete: bool  # False after Ctrl-C; painting the run again goes on where it stopped
    before: tuple[Picture, ...]  # training cameras' views, at the resolution of the painting
    after: tuple[Picture, ...]


def paintable_run(config: Path) -> TrainedRun:
    """The run of a config.yml, if it is of a method that can be painted.

    Raises:
        Style3DError: it is not; or see `read_run`.
    """
    run = read_run(config)
    if run.method not in METHODS:
        raise Style3DError(f"{config} is a run of {run.method}", expected=" or ".join(METHODS))
    return run


def ready_run(job: FieldJob) -> TrainedRun:
    """The run whose config.yml is ``job.model``, once everything is there that painting it takes.

    Raises:
        Style3DError: see `paintable_run`; or its data, a style or nerfstudio are missing.
    """
    run = paintable_run(job.model)
    if not run.data.exists():
        raise Style3DError(f"{run.data} does not exist", hint="run this in the folder where ns-train was run")
    for path in job.pictures:
        check_readable(path)
    need("nerfstudio")
    return run


def paint_run(run: TrainedRun, job: FieldJob, watcher: Watcher) -> PaintedRun:
    """Paint a run that is ready; what nerfstudio says meanwhile is not shown.

    Raises:
        Style3DError: nerfstudio cannot open the run, a setting does not fit it, or the device is missing.
    """
    watcher.phase("opening the run", 1)
    with redirect_stdout(StringIO()):
        trainer = _open_trainer(run, job)
        watcher.advance(1)
        complete = _train(trainer, watcher)
        before, after = zip(*trainer.pipeline.before_and_after(SHOWN), strict=True)
    made = trainer.step + 1 - trainer._start_step
    return PaintedRun(trainer.config.get_base_dir() / "config.yml", made, complete, before, after)


def painting_config(run: TrainedRun, job: FieldJob) -> Any:
    """nerfstudio's configuration of the painting: the run's model and data, our style."""
    from style3d.nerf.nerfstudio import methods as plugin

    config = plugin.fresh(METHODS[run.method])
    trained = run.settings["pipeline"]
    pipeline = config.pipeline
    pipeline.model = restore_settings(pipeline.model, trained["model"])
    pipeline.datamanager = restore_settings(pipeline.datamanager, trained["datamanager"])
    pipeline.datamanager.data = config.data = run.data
    pipeline.style, pipeline.reconstruct_steps = style_of(job), 0
    if job.consistency_weight is not None:
        pipeline.consistency_weight = job.consistency_weight
    config.load_dir, config.vis, config.machine.seed = run.checkpoints, "tensorboard", job.seed % 2**32
    config.logging.local_writer.enable = False
    config.machine.device_type = pick_device(job.device).type
    return config


def _open_trainer(run: TrainedRun, job: FieldJob) -> Any:
    """nerfstudio's trainer with the run loaded; its configuration lies where the painted run will."""
    import_torchvision()
    import_module("nerfstudio.scripts.train")  # which defines the methods; ours are found from there
    config = painting_config(run, job)
    config.set_timestamp()
    for seed in (random.seed, np.random.seed, torch.manual_seed):
        seed(config.machine.seed)
    try:
        trainer = config.setup(local_rank=0, world_size=1)
        trainer.setup()
    except SystemExit as stop:  # the pipeline's way to stop nerfstudio with a line
        raise Style3DError(str(stop).removeprefix("style3d: ")) from None
    except (OSError, RuntimeError, ValueError, KeyError, AssertionError) as error:
        told = " ".join(str(error).split())[:200] or type(error).__name__
        raise Style3DError(f"nerfstudio cannot open {job.model}", got=told) from error
    config.save_config()
    return trainer


def _train(trainer: Any, watcher: Watcher) -> bool:
    """Let the trainer do its steps; after Ctrl-C what there is is kept, and False is returned."""
    from nerfstudio.engine.callbacks import TrainingCallback, TrainingCallbackLocation

    first = trainer._start_step
    watcher.phase("painting", trainer.config.max_num_iterations)
    after = [TrainingCallbackLocation.AFTER_TRAIN_ITERATION]
    trainer.callbacks.append(TrainingCallback(after, lambda step: watcher.advance(step + 1 - first)))
    try:
        trainer.train()
    except SystemExit as stop:
        raise Style3DError(str(stop).removeprefix("style3d: ")) from None
    except KeyboardInterrupt:
        trainer.save_checkpoint(trainer.step)
        return False
    return True
