"""A row of `KINDS` describes each kind of device. Only this file names devices and says what they can do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, final

import torch

from style3d.errors import Style3DError


@final
@dataclass(frozen=True)
class DeviceKind:
    """What style3d may ask of a kind of device. Concretely: an NVIDIA GPU, where torch multiplies sparse matrices.

    It assumes that torch knows the name and that ``count`` may be called where there is no such device. A new row
    leaves all flags at their defaults and is right at once: sparse products are then made by compiled loops on the
    processor, and the rest by torch on the device. ``sparse`` and ``loops`` say where these products are faster,
    ``doubles`` is off where float64 is missing, ``bfloat16`` lets networks run in half the bits, and ``libraries``
    names those that bring kernels of their own. ``peak`` tells reports how much memory was used.

    Examples:
        >>> apple = DeviceKind("mps", lambda: 0, lambda _: "Apple's GPU", bfloat16=lambda: False, doubles=False)
        >>> apple.sparse, apple.loops, apple.doubles
        (False, False, False)
        >>> KINDS[-1].name  # the device that is always there
        'cpu'
    """

    name: str  # torch's
    count: Callable[[], int]  # how many are here
    describe: Callable[[int], str]  # one of them, as the doctor names it
    bfloat16: Callable[[], bool]  # whether it convolves in bfloat16 natively
    loops: bool = False  # whether numba's compiled loops reach its memory
    sparse: bool = False  # whether torch multiplies sparse matrices there, and faster than the compiled loops would
    doubles: bool = True  # whether it has float64
    libraries: tuple[str, ...] = ()  # whose kernels run there
    peak: Callable[[torch.device], int] = lambda _: 0  # bytes of tensors in memory of its own, at most so far
    launching: Callable[[torch.device], AbstractContextManager[Any]] = (
        nullcontext  # in which kernels of others run on it
    )


def _native_on_cpu() -> bool:
    return torch.backends.mkldnn.is_available() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _cuda_cards() -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def _cuda_card(index: int) -> str:
    card = torch.cuda.get_device_properties(index)
    return f"{card.name} with {card.total_memory / 2**30:.0f} GiB"


CPU = DeviceKind("cpu", lambda: 1, lambda _: "", _native_on_cpu, loops=True)
CUDA = DeviceKind(
    "cuda",
    _cuda_cards,
    _cuda_card,
    torch.cuda.is_bf16_supported,
    sparse=True,
    libraries=("gsplat", "nvdiffrast", "pytorch3d", "triton"),
    peak=torch.cuda.max_memory_allocated,
    launching=torch.cuda.device,
)
KINDS: tuple[DeviceKind, ...] = (CUDA, CPU)  # the first that is here is what "auto" means


def pick_device(name: str) -> torch.device:
    """The device asked for; "auto" takes the first of `KINDS` that is here.

    Raises:
        Style3DError: it has another name than those of `KINDS`, or cannot be used here.
    """
    if name == "auto":
        return torch.device(next(kind.name for kind in KINDS if kind.count()))
    numbered = [f"{kind.name}:N" for kind in KINDS if not kind.loops]
    *first, last = ["auto", *(kind.name for kind in reversed(KINDS)), *numbered]
    wrong = Style3DError(f"device '{name}' is not usable here", expected=f"{', '.join(first)} or {last}")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise wrong from error
    if device.type not in {kind.name for kind in KINDS}:
        raise wrong
    return device


def kind_of(device: torch.device) -> DeviceKind:
    """The row of a device; one without a row is asked for nothing that every device of torch's cannot do."""
    for kind in KINDS:
        if kind.name == device.type:
            return kind
    return DeviceKind(device.type, lambda: 0, lambda _: "", lambda: False)


def loops_on(device: torch.device) -> bool:
    """Whether compiled loops may work on its tensors in place."""
    return kind_of(device).loops


def sparse_on(device: torch.device) -> bool:
    """Whether sparse products are torch's there; elsewhere compiled loops make them on the processor."""
    return kind_of(device).sparse


def doubles_on(device: torch.device) -> torch.device:
    """Where its numbers are computed in double precision: there, or on the processor where it has none."""
    return device if kind_of(device).doubles else torch.device(CPU.name)


def fast_dtype(device: torch.device | str) -> torch.dtype:
    """The precision in which networks run fastest there: bfloat16 where it is native, else float32."""
    return torch.bfloat16 if kind_of(torch.device(device)).bfloat16() else torch.float32


def peak_on(device: torch.device) -> int:
    """Largest memory of tensors so far where a device has memory of its own, bytes; else 0."""
    return kind_of(device).peak(device)


def launching_on(device: torch.device) -> AbstractContextManager[Any]:
    """A block in which a library's kernels are launched on this device, of several that are here."""
    return kind_of(device).launching(device)


def is_missing(name: str) -> bool:
    """Whether a device of this name has a row, and none is here; a name without a row is for others to judge."""
    return not kind_of(torch.device(name)).count() and torch.device(name).type in {kind.name for kind in KINDS}


def device_for(library: str) -> torch.device | None:
    """The device here that a library has kernels for, if there is one."""
    return next((torch.device(kind.name) for kind in KINDS if library in kind.libraries and kind.count()), None)


def runs(library: str, device: torch.device) -> bool:
    """Whether a library has kernels for a device."""
    return library in kind_of(device).libraries


def devices() -> tuple[str, ...]:
    """The devices here, best first, each as the doctor names it: "cuda (NVIDIA A100 with 40 GiB)", "cpu"."""
    found = []
    for kind in KINDS:
        cards = ", ".join(text for text in map(kind.describe, range(kind.count())) if text)
        found += [f"{kind.name} ({cards})" if cards else kind.name] if kind.count() else []
    return tuple(found)


def unused_devices() -> tuple[str, ...]:
    """Devices that seem to be here and that style3d does not compute on, with what to do; a sentence each."""
    if CUDA.count():
        return ()
    told = []
    if torch.backends.mps.is_available() and "mps" not in {kind.name for kind in KINDS}:
        told.append("Apple's GPU (mps) is there; style3d computes on the CPU")
    if shutil.which("nvidia-smi") and torch.version.cuda is None:
        told.append("an NVIDIA GPU seems to be there, but this torch is built for the CPU: install a CUDA build")
    elif shutil.which("nvidia-smi"):
        told.append("an NVIDIA GPU seems to be there, but torch cannot use it: is the driver recent enough?")
    return tuple(told)
