"""Adds a metric: how much darker or brighter the painted views are than the original ones."""

from pathlib import Path

import style3d
from style3d.evaluate.accept import job_yardstick, judge_result
from style3d.evaluate.metrics import registry
from style3d.evaluate.metrics.metric import Metric, Reading, mean_of
from style3d.evaluate.metrics.painted_views import PaintedViews

QUICK = {"preset": "draft", "features": "wavelet", "steps": 40, "views": 6, "resolution": 160, "turntable": "none"}


def brightening(views: PaintedViews) -> Reading:
    """Mean over the views of the change of brightness, [-1, 1]."""
    pairs = zip(views.footage.views, views.images, strict=True)
    return Reading(mean_of([float((image - view.before)[view.mask > 0.999].mean()) for view, image in pairs]))


ROW = Metric("content.brightening", "neither", "change of brightness; 0 is none", brightening)
registry.IMAGE_METRICS = (*registry.IMAGE_METRICS, ROW)  # in the package the row joins the list in registry.py

job = style3d.MeshJob(
    Path("data/models/teapot.glb"),
    style=(Path("data/styles/woodcut.jpg"),),
    output=Path("out/05_own_metric.glb"),
    texture_size=256,
    **QUICK,
)
scene = style3d.load(job)
result = style3d.stylize(scene, job)
result.save()
for figure in judge_result(result, job_yardstick(job)):
    if figure.name == ROW.name:
        print(f"{figure.name} {figure.value:+.3f}: {registry.meaning(figure.name)}")
