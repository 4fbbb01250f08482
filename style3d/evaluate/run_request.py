"""Running a request reads the scenes, measures them, and tells what they were measured with."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from statistics import geometric_mean
from typing import Any

from style3d.errors import Style3DError
from style3d.evaluate.footage.read_frames import footage_of_frames
from style3d.evaluate.metrics.clip import clip_or_why
from style3d.evaluate.metrics.efficientnet_lite import lite_or_why
from style3d.evaluate.metrics.gallery import open_gallery
from style3d.evaluate.metrics.inception import load_inception
from style3d.evaluate.metrics.lpips import installed_lpips, load_lpips
from style3d.evaluate.metrics.measure import Evaluation, Protocol, evaluate
from style3d.evaluate.metrics.yardstick import NO_GALLERY, Yardstick
from style3d.evaluate.request import EvaluationRequest
from style3d.files import read_bytes
from style3d.job.values import plain
from style3d.losses.features import build_features
from style3d.paint.result import beside, content_hash, versions
from style3d.paint.style_library import read_styles
from style3d.progress import Watcher
from style3d.remarks import collect_remarks


def run_request(request: EvaluationRequest, watcher: Watcher) -> Evaluation:
    """Everything that was asked for.

    Raises:
        Style3DError: a file cannot be read, or what is compared does not belong together.
    """
    with collect_remarks() as remarks:
        evaluation, run = _evaluate(request, watcher)
    return dataclasses.replace(evaluation, settings=_settings(request), run=run, remarks=tuple(remarks))


def _evaluate(request: EvaluationRequest, watcher: Watcher) -> tuple[Evaluation, dict[str, Any]]:
    """Everything but what it was measured with, and the report of the run that painted."""
    yardstick = request_yardstick(request)
    protocol = Protocol(request.gaps, request.ceiling_steps, request.legacy)
    if request.frames is not None:
        assert request.cameras is not None
        assert request.depth is not None
        footage = footage_of_frames(
            request.frames, request.cameras, request.depth, request.depth_scale, request.depth_kind
        )
        found = evaluate(footage, yardstick, protocol, watcher)
        return found, {}
    return _models(request, yardstick, protocol, watcher), run_report(request.models[1])


def _models(request: EvaluationRequest, yardstick: Yardstick, protocol: Protocol, watcher: Watcher) -> Evaluation:
    from style3d.evaluate.footage.render import render_footage
    from style3d.evaluate.kind_figures import kind_figures
    from style3d.evaluate.scenes import open_scenes

    before, after = open_scenes(request, run_report(request.models[1]), watcher)
    own = kind_figures(before, after)
    if own:
        own.check(request, before, after)
    watcher.phase("rendering views", request.views)
    seen = render_footage(before, after, request.views, request.resolution, request.gaps, watcher.advance)
    found = evaluate(seen.footage, yardstick, protocol, watcher, before)
    if own is None:
        return found
    figures, health = own.measure(request, before, after, seen, yardstick)
    return dataclasses.replace(found, figures=(*found.figures, *figures), health=health)


def request_yardstick(request: EvaluationRequest) -> Yardstick:
    """The style and the judges that a request names."""
    style = read_styles([(request.style, 1.0)])[0][0] if request.style else None
    lpips = load_lpips(*request.lpips) if request.lpips else installed_lpips()
    clip = clip_or_why(request.clip_model, request.clip_weights)
    tower = str(request.clip_weights) if request.clip_weights else None
    features = build_features(request.features, request.weights, None, request.clip_model, tower)
    inception = load_inception(request.inception) if request.inception else "no --inception weights were given"
    gallery = open_gallery(request.gallery, lite_or_why()) if request.gallery else NO_GALLERY
    scale = request.style_scale or _brush(run_report(request.models[1]) if request.models else {})
    return Yardstick(style, features, lpips, clip, inception, gallery, request.prompt, scale)


def _brush(run: dict[str, Any]) -> float:
    """The size of the brush that a run painted with, over its layers; 1 where its report does not say."""
    sizes = run.get("style_scale")
    known = [size for size in sizes if isinstance(size, float) and size > 0] if isinstance(sizes, list) else []
    return geometric_mean(known) if known else 1.0


def _settings(request: EvaluationRequest) -> dict[str, Any]:
    """What was asked for, with hashes of the files and versions of the libraries."""
    asked = {field.name: plain(getattr(request, field.name)) for field in dataclasses.fields(request)}
    files = [*request.models, *(path for path in (request.style, request.cameras) if path)]
    hashes = {str(path): content_hash(path) for path in files}
    return asked | {"inputs": hashes, "versions": versions()}


def run_report(styled: Path) -> dict[str, Any]:
    """The report.json of the run that painted a file, where it lies beside it and can be read."""
    path = beside(styled, "report.json")
    try:
        values = json.loads(read_bytes(path, 64 << 20))
    except (Style3DError, ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}
