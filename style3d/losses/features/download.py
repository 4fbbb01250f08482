"""The download of VGG weights fetches only the tensors needed, by HTTP ranges, or resumes the whole file."""

from __future__ import annotations

import hashlib
import http.client
import json
import logging
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from style3d.errors import Style3DError
from style3d.losses.features.vgg_layers import plan

Progress = Callable[[int, int], None]  # bytes so far, bytes in all
CHUNK = 1 << 16
HEADER_LIMIT = 1 << 20
DEEPEST = "relu5_1"
FAILURES = (OSError, ValueError, KeyError, TypeError, http.client.HTTPException)  # of a network, or of what it sent
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Source:
    """Where a network's weights are published."""

    tensors: str  # a safetensors file with torchvision's names, read by range
    whole: str  # torchvision's .pth
    digest: str  # first characters of the whole file's sha256, as torchvision publishes them
    size: int  # bytes of the whole file, roughly, for the message


SOURCES = {
    "vgg19": Source(
        "https://huggingface.co/timm/vgg19.tv_in1k/resolve/main/model.safetensors",
        "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth",
        "dcbb9e9d",
        574_673_361,
    ),
    "vgg16": Source(
        "https://huggingface.co/timm/vgg16.tv_in1k/resolve/main/model.safetensors",
        "https://download.pytorch.org/models/vgg16-397923af.pth",
        "397923af",
        553_433_881,
    ),
}


def cache_folder() -> Path:
    """Torch's cache of checkpoints."""
    return Path(torch.hub.get_dir()) / "checkpoints"


def fetch_vgg(variant: str, progress: Progress | None = None, source: Source | None = None) -> Path:
    """A file with the variant's weights: from the cache, else downloaded there.

    Args:
        variant: "vgg19" or "vgg16".
        progress: called with bytes so far and in all.
        source: another place than the published one.

    Raises:
        Style3DError: if neither way works; it names the file to fetch and where to put it.
    """
    source = source or SOURCES[variant]
    part = cache_folder() / f"style3d-{variant}-{DEEPEST}.safetensors"
    whole = cache_folder() / source.whole.rsplit("/", 1)[-1]
    for path in (part, whole):
        if path.is_file():
            return path
    try:
        part.parent.mkdir(parents=True, exist_ok=True)
        try:
            return _fetch_tensors(variant, source.tensors, part, progress)
        except FAILURES as error:
            logger.info("cannot read %s by range (%s)", source.tensors, error)
        return _fetch_whole(source, whole, progress)
    except FAILURES as error:
        raise Style3DError(
            f"cannot download the weights of {variant}",
            got=str(error),
            hint=f"fetch {source.whole} elsewhere ({source.size >> 20} MB) and put it at {whole}, or use --weights",
        ) from error


def tensor_shapes(variant: str) -> dict[str, tuple[int, ...]]:
    """Names and shapes of the tensors up to the deepest layer used."""
    shapes: dict[str, tuple[int, ...]] = {}
    for relu, key, inputs, outputs in plan(variant):
        shapes[f"{key}.weight"], shapes[f"{key}.bias"] = (outputs, inputs, 3, 3), (outputs,)
        if relu == DEEPEST:
            break
    return shapes


def _fetch_tensors(variant: str, url: str, path: Path, progress: Progress | None) -> Path:
    """The tensors needed, a range each; keys, shapes and types are checked first."""
    from safetensors.torch import save_file

    length = int.from_bytes(_range(url, 0, 8), "little")
    if not 2 <= length <= HEADER_LIMIT:
        raise ValueError(f"not a safetensors file: its header would be {length} bytes long")
    header = json.loads(_range(url, 8, 8 + length))
    wanted = tensor_shapes(variant)
    spans = {name: _span(header, name, shape) for name, shape in wanted.items()}
    total, done = sum(end - start for start, end in spans.values()), 0
    tensors: dict[str, Tensor] = {}
    for name, (start, end) in spans.items():
        raw = _range(url, 8 + length + start, 8 + length + end)
        tensors[name] = torch.frombuffer(bytearray(raw), dtype=torch.float32).reshape(wanted[name])
        if not bool(torch.isfinite(tensors[name]).all()):
            raise ValueError(f"{name} holds numbers that are not finite")
        done += len(raw)
        if progress:
            progress(done, total)
    temporary = path.with_suffix(f".{os.getpid()}.part")
    save_file(tensors, temporary)
    os.replace(temporary, path)
    return path


def _span(header: Any, name: str, shape: tuple[int, ...]) -> tuple[int, int]:
    entry = header.get(name) if isinstance(header, dict) else None
    if not isinstance(entry, dict) or entry.get("dtype") != "F32" or tuple(entry.get("shape", ())) != shape:
        raise ValueError(f"{name} is not there as float32 {shape}")
    start, end = entry["data_offsets"]
    count = 4
    for side in shape:
        count *= side
    if not isinstance(start, int) or start < 0 or end - start != count:
        raise ValueError(f"{name} has {end - start} bytes instead of {count}")
    return start, end


def _range(url: str, start: int, end: int) -> bytes:
    """Bytes [start, end) of a file; an answer of any other length is an error."""
    request = urllib.request.Request(url, headers={"Range": f"bytes={start}-{end - 1}"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        if answer.status != 206:
            raise ValueError("the server does not serve ranges")
        raw = answer.read(end - start + 1)
    if len(raw) != end - start:
        raise ValueError(f"got {len(raw)} bytes of {end - start}")
    return bytes(raw)


def _fetch_whole(source: Source, path: Path, progress: Progress | None) -> Path:
    """The whole file; goes on where an earlier try stopped, and is kept only if its digest is right."""
    temporary = path.with_suffix(".part")
    have = temporary.stat().st_size if temporary.is_file() else 0
    request = urllib.request.Request(source.whole, headers={"Range": f"bytes={have}-"} if have else {})
    try:
        answer = urllib.request.urlopen(request, timeout=30)
    except urllib.error.HTTPError as error:
        if error.code != 416 or not have:
            raise
        temporary.unlink()  # what was there is as long as the file, or longer
        return _fetch_whole(source, path, progress)
    with answer:
        resumed = have and answer.status == 206
        done = have if resumed else 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        logger.warning("fetching all of %s, %d MB", source.whole, total >> 20)
        with temporary.open("ab" if resumed else "wb") as file:
            while chunk := answer.read(CHUNK):
                file.write(chunk)
                done += len(chunk)
                if progress:
                    progress(done, max(total, done))
    if done < total:
        raise ValueError(f"the connection broke after {done} of {total} bytes; run again to go on from there")
    digest = _digest(temporary)
    if not digest.startswith(source.digest):
        temporary.unlink()
        raise ValueError(f"{source.whole} has the sha256 {digest[:16]}…, not {source.digest}…; it was thrown away")
    os.replace(temporary, path)
    return path


def _digest(path: Path) -> str:
    """sha256 of a file, read in chunks."""
    total = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            total.update(chunk)
    return total.hexdigest()
