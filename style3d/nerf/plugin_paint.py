"""A trained nerfstudio run painted from our side: no flags of nerfstudio's to know."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import torch

from style3d.errors import Style3DError
from style3d.job import FieldJob
from style3d.nerf.plugin_config import TrainedRun, read_run, restored
from style3d.nerf.plugin_job import style_of
from style3d.torchvision_schemas import import_torchvision

METHODS = {"nerfacto": "nerfacto", "style3d": "nerfacto", "splatfacto": "splatfacto", "style3d-splat": "splatfacto"}


def paint_run(job: FieldJob) -> Path:
    """Paint the run whose config.yml is ``job.model``; returns the config.yml of the painted run.

    Raises:
        Style3DError: nerfstudio is missing, the file is no run of a method that can be painted, its data are not where
            they were, or the device is.
    """
    try:
        import_module("nerfstudio")
    except ModuleNotFoundError:
        raise Style3DError("nerfstudio is not installed", hint="install it as docs/nerfstudio.md says") from None
    import_torchvision()
    run = checked_run(job.model)
    if not run.data.exists():
        raise Style3DError(f"{run.data} does not exist", hint="run this in the folder where ns-train was run")
    from nerfstudio.scripts.train import main

    config = configured(run, job)
    try:
        main(config)
    except SystemExit as stop:  # the pipeline's way to stop nerfstudio with a line
        raise Style3DError(str(stop).removeprefix("style3d: ")) from None
    painted: Path = config.get_base_dir() / "config.yml"
    return painted


def checked_run(config: Path) -> TrainedRun:
    """The run of a config.yml, if it is of a method that can be painted.

    Raises:
        Style3DError: it is not; or see `read_run`.
    """
    run = read_run(config)
    if run.method not in METHODS:
        raise Style3DError(f"{config} is a run of {run.method}", expected=" or ".join(METHODS))
    return run


def configured(run: TrainedRun, job: FieldJob) -> Any:
    """nerfstudio's configuration of the painting: the run's model and data, our style."""
    from style3d.nerf import plugin

    config = plugin.fresh(METHODS[run.method])
    trained = run.settings["pipeline"]
    pipeline = config.pipeline
    pipeline.model = restored(pipeline.model, trained["model"])
    pipeline.datamanager = restored(pipeline.datamanager, trained["datamanager"])
    pipeline.datamanager.data = config.data = run.data
    pipeline.style, pipeline.reconstruct_steps = style_of(job), 0
    if job.consistency_weight is not None:
        pipeline.consistency_weight = job.consistency_weight
    config.load_dir, config.vis, config.machine.seed = run.checkpoints, "tensorboard", job.seed % 2**32
    wanted = job.device.partition(":")[0]
    config.machine.device_type = ("cuda" if torch.cuda.is_available() else "cpu") if wanted == "auto" else wanted
    return config
