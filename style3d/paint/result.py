"""A result holds the new colours, and writes them with previews and a report."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import monotonic
from typing import Any, final

import numpy as np
import torch
from jaxtyping import Float32

from style3d.color.interpolate import levels
from style3d.core.scene import SHEET_SIZE, SHEET_VIEWS, Scene
from style3d.device import peak_on
from style3d.files import atomic_path
from style3d.images import read_style
from style3d.job import Job, Recipe
from style3d.paint.casting import Played
from style3d.paint.memory import peak_memory
from style3d.paint.prompts import swatches
from style3d.paint.strength import STRENGTHS, Strengths
from style3d.preview import CastRow, animation_suffix, cast_sheet, contact_sheet, loss_plot, turntable
from style3d.progress import Silent, Watcher
from style3d.types import AnyImage, AnyMask, Colors, Flags

UNTOLD = "begun", "cameras", "losses"  # of a record, in the report, or told in another way
STUDIO_GREY = 0.93  # backdrop of pictures
CAST_VIEW = 240  # pixels along a side of what shows a part of the asset
CAST_GREY = 0.7, 0.2  # of what is no part: the grey of its black, and what its white adds to that


@final
@dataclass(frozen=True)
class Result:
    """A run that is finished, or that Ctrl-C stopped.

    Concretely: a cow's 1024² texels before and after, and the run's numbers.

    It assumes that the files of the job still lie where they were: `save` reads style pictures again for the contact
    sheet. The tables ``before`` and ``after`` have a row for each entry of θ, and ``seen`` says which of them some
    view showed. `colors` is what is written: the straight line between the tables at the job's ``strength``; `blend`
    gives any other point of it. ``record`` holds what the report tells: seconds by phase, losses by step, device and
    views.

    `save` writes the asset under the name that it is given, or under the job's, with previews and a report beside
    it. Each file appears whole or not at all. `remarks` says what the asset lacked and what its new file cannot
    hold.

    Examples:
        >>> import style3d
        >>> job = style3d.MeshJob("data/models/koi.glb", style=("data/styles/oil.jpg",), steps=2, views=2,
        ...                       resolution=48, preset="draft", texture_size=32, turntable="none",
        ...                       form=0, cast=("off",))
        >>> result = style3d.stylize(style3d.load(job), job)
        >>> result.was_interrupted, result.before.shape == result.after.shape, len(result.record["losses"])
        (False, True, 2)
        >>> bool((result.blend(0) == result.before).all())
        True
    """

    scene: Scene
    job: Job
    recipe: Recipe
    before: Colors
    after: Colors
    seen: Flags  # (entries,)
    record: Mapping[str, Any]  # seconds by phase, losses by step, device, views, …
    cast: tuple[Played, ...] = ()  # the parts, and what they were painted after

    @property
    def was_interrupted(self) -> bool:
        """Whether the run was stopped by Ctrl-C."""
        return bool(self.record["interrupted"])

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was not found or stood in for in the asset, and what the job's output cannot hold of it."""
        return self._remarks(self.job.destination)

    def _remarks(self, target: Path) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.scene.remarks, *self.scene.losses(target))))

    def blend(self, strength: float) -> Colors:
        """θ between the original (0) and the style (1): a straight line, exact in every view and in 8 bits."""
        if strength in (0, 1):
            return self.after if strength else self.before
        return torch.from_numpy(self.strengths.at(strength).astype(np.float32) / np.float32(255))

    @property
    def strengths(self) -> Strengths:
        """Both ends of the slider, in 8 bits."""
        return Strengths(levels(self.before.numpy()), levels(self.after.numpy()))

    @cached_property
    def colors(self) -> Colors:
        """θ at the job's strength: what is written."""
        return self.blend(self.job.strength)

    def save(self, path: Path | str | None = None, watcher: Watcher | None = None) -> tuple[Path, ...]:
        """Write the asset, and beside it the contact sheet, turntable, loss plot and report; returns the files.

        Every file appears whole under its name or not at all.
        """
        target = Path(path) if path is not None else self.job.destination
        assets = self.scene.save(self.colors, target)
        return (*assets, *self.save_evidence(target, assets, watcher))

    def save_evidence(
        self, target: Path, assets: Sequence[Path] = (), watcher: Watcher | None = None
    ) -> tuple[Path, ...]:
        """Write what lies beside an asset, ``target``, of which ``assets`` were written; returns the files."""
        pictures = [*self._pictures(target, watcher or Silent()), beside(target, STRENGTHS)]
        self.strengths.save(pictures[-1])
        report = beside(target, "report.json")
        with atomic_path(report) as temporary:
            text = json.dumps(self.report([*assets, *pictures], target), indent=2, ensure_ascii=False, default=float)
            temporary.write_text(text + "\n", encoding="utf-8")
        return (*pictures, report)

    def _pictures(self, target: Path, watcher: Watcher) -> list[Path]:
        sheet, plot = beside(target, "contact-sheet.png"), beside(target, "loss.png")
        moving = self.job.turntable != "none"
        count = self.recipe.frames if moving else 0
        watcher.phase("rendering pictures", SHEET_VIEWS + count)
        stills = self.scene.sheet(max(self.recipe.frame_size, SHEET_SIZE))
        pairs = []
        for number, camera in enumerate(stills, 1):
            pairs.append(self._pair(camera))
            watcher.advance(number)
        styles = [read_style(path) for path in self.job.pictures]
        styles += [image[0].permute(1, 2, 0).numpy() for image, _ in swatches(self.job, self.before)]
        caption = " + ".join(f'"{text}"' for text, _ in self.job.prompts)
        contact_sheet([pair[0] for pair in pairs], [pair[1] for pair in pairs], sheet, style=styles, caption=caption)
        loss_plot(curves(self.record["losses"]), plot)
        stills_written = [sheet, *self._cast_picture(target), plot]
        if not moving:
            return stills_written
        film, frames = beside(target, f"turntable{film_suffix(self.job)}"), []
        for number, camera in enumerate(self.scene.cameras_around(count, self.recipe.frame_size), SHEET_VIEWS + 1):
            frames.append(self._pair(camera)[1])
            watcher.advance(number)
        turntable(frames, film, fps=max(8, count // 4))
        return [stills_written[0], film, *stills_written[1:]]

    def _cast_picture(self, target: Path) -> list[Path]:
        """Write which part was painted after which areas, where a run found or was told so."""
        if not self.cast:
            return []
        path, operator = beside(target, "cast.png"), self.scene.operator(self.scene.sheet(CAST_VIEW)[0], 0)
        grey = (CAST_GREY[0] + CAST_GREY[1] * self.colors.mean(1, keepdim=True)).expand(-1, 3)
        rows = []
        for part in self.cast:
            share = torch.from_numpy(part.share)[:, None]
            image = operator.render(torch.lerp(grey, self.colors, share), torch.full((3,), STUDIO_GREY))[0]
            pictures = [(dim_rest(picture, mask)[0].permute(1, 2, 0).numpy()) for picture, mask in part.pictures]
            rows.append(CastRow(part.words[0], image.clamp(0, 1).permute(1, 2, 0).numpy(), pictures))
        cast_sheet(rows, path)
        return [path]

    def _pair(self, camera: Any) -> tuple[Float32[np.ndarray, "h w 3"], Float32[np.ndarray, "h w 3"]]:
        operator = self.scene.operator(camera, 0)
        backdrop = torch.full((3,), STUDIO_GREY)
        images = (operator.render(colors, backdrop)[0].permute(1, 2, 0) for colors in (self.before, self.colors))
        before, after = (image.clamp(0, 1).numpy() for image in images)
        return before, after

    def report(self, written: Sequence[Path] = (), target: Path | None = None) -> dict[str, Any]:
        """Everything needed to judge and to repeat the run, as plain values; ``target`` is where it was written."""
        cameras = self.record["cameras"]
        job = self.job.to_json()
        inputs = (self.job.model, *self.job.pictures, *self.job.masks)
        sources = {str(path): file_hash(path) for path in inputs if path.is_file()}
        record = {name: value for name, value in self.record.items() if name not in UNTOLD}
        return {
            "versions": versions(),
            "inputs": sources,
            "job": job,
            **record,
            "scene": dict(self.scene.facts(self.colors, self.seen, cameras)),
            "remarks": list(self._remarks(target or self.job.destination)),
            "used": self._used_resources(),
            "peak_memory_bytes": peak_memory(),
            "written": [path.name for path in written],
            "losses": curves(self.record["losses"]),
        }

    def _used_resources(self) -> dict[str, Any]:
        """What stands beside the estimate: seconds since the command began, and memory."""
        memory = (peak_memory() or 0) + peak_on(torch.device(self.record["device"]))
        return {"seconds": round(monotonic() - self.record["begun"], 1), "bytes": memory}


def dim_rest(picture: AnyImage, mask: AnyMask) -> AnyImage:
    """A picture whose areas keep their colours while the rest fades to a light grey."""
    grey = CAST_GREY[0] + CAST_GREY[1] * picture.mean(1, keepdim=True)
    return torch.lerp(grey.expand_as(picture), picture, mask.expand_as(picture))


def beside(target: Path, name: str) -> Path:
    """The evidence file ``name`` of an output: model.styled.glb has model.styled.report.json."""
    return target.with_name(f"{target.stem}.{name}")


def evidence(job: Job, cast: bool) -> tuple[str, ...]:
    """The names of what `Result.save` writes beside an asset, as `beside` takes them.

    Args:
        job: what was done.
        cast: whether parts were painted after areas.
    """
    film = (f"turntable{film_suffix(job)}",) if job.turntable != "none" else ()
    return ("contact-sheet.png", *film, *(("cast.png",) if cast else ()), "loss.png", STRENGTHS, "report.json")


def film_suffix(job: Job) -> str:
    """How the turntable's file ends."""
    return animation_suffix() if job.turntable == "auto" else f".{job.turntable}"


def curves(losses: Sequence[Mapping[str, float]]) -> dict[str, list[float]]:
    """Loss by step for every term."""
    names = dict.fromkeys(name for step in losses for name in step)
    return {name: [round(step.get(name, 0.0), 6) for step in losses] for name in names}


def file_hash(path: Path | str) -> str:
    """SHA-256 of a file."""
    digest = sha256()
    with open(path, "rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def content_hash(path: Path) -> str:
    """SHA-256 of a file, or of the files of a folder with their names."""
    if path.is_file():
        return file_hash(path)
    inner = sorted(file for file in path.rglob("*") if file.is_file())
    return sha256("".join(f"{f.relative_to(path).as_posix()} {file_hash(f)}\n" for f in inner).encode()).hexdigest()


def versions() -> dict[str, str]:
    """Of everything that can change the result."""
    found = {"python": platform.python_version(), "platform": platform.platform()}
    for name in ("style3d", "torch", "numpy", "scipy", "numba", "embreex", "trimesh", "xatlas", "pillow", "tifffile"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return found
