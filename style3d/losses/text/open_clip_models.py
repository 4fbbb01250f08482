"""open_clip provides CLIP models by name. Their weights come from a file, or from where open_clip publishes them."""

from __future__ import annotations

import difflib
import logging
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, final

import torch
from torch import Tensor
from torch.nn import functional as F

from style3d.errors import Style3DError
from style3d.losses.network import FixedNetwork, digest_of, standard
from style3d.losses.text.base import Embeddings, Encoder, Pictures
from style3d.optional.libraries import is_installed, need
from style3d.optional.torchvision_compat import import_torchvision

DEFAULT_MODEL = "ViT-B-32"
PREFERRED = ("laion2b_s34b_b79k", "openai")  # tags, for models that have them
TERMS = "trained by others on pictures from the web; see the terms on its page before you sell what it helped to make"
logger = logging.getLogger(__name__)


def import_open_clip() -> Any:
    """open_clip.

    Raises:
        Style3DError: it is not installed; the error says what to install.
    """
    if is_installed("open_clip"):
        import_torchvision()  # which it imports
    return need("open_clip", what="a CLIP model")


@lru_cache(maxsize=1)
def load_clip(model: str | None = None, weights: str | None = None) -> Any:
    """A CLIP model of open_clip's list on the CPU, fixed, in float32.

    Args:
        model: its name there. Concretely: "RN50", "ViT-B-32".
        weights: a file (.safetensors, .pt, .bin), or the tag of published weights, which are downloaded once into
            the Hugging Face cache; default: LAION's, OpenAI's, or the first tag the model has.

    Raises:
        Style3DError: no such model or tag; the file holds another model; the download fails, with the file to fetch.
    """
    open_clip, name = import_open_clip(), model or DEFAULT_MODEL
    if name not in open_clip.list_models():
        near = difflib.get_close_matches(name, open_clip.list_models(), 3, 0.3)
        raise Style3DError(f"open_clip has no model '{name}'", expected=", ".join(near) or "a name it lists")
    if weights is not None and Path(weights).is_file():
        return _create(open_clip, name, weights, False, f"{weights} does not fit {name}", _rename(name))
    tags = open_clip.list_pretrained_tags_by_model(name)
    tag = weights or next((tag for tag in PREFERRED if tag in tags), tags[0] if tags else "")
    if tag not in tags:
        raise Style3DError(
            f"--clip-weights {tag} is neither a file nor a tag of {name}"
            if tag
            else f"{name} has no published weights",
            expected=", ".join(["a file", *tags]),
        )
    source = open_clip.get_pretrained_cfg(name, tag)
    page = page_of(source)
    logger.warning("%s with %s: %s (%s)", name, tag, TERMS, page)
    hint = f"fetch {page} elsewhere and give the file with --clip-model {name} --clip-weights FILE"
    return _create(open_clip, name, tag, bool(source.get("quick_gelu")), f"cannot download {name} {tag}", hint)


def page_of(source: dict[str, Any]) -> str:
    """Where published weights lie, as an address for people."""
    hub = str(source.get("hf_hub") or "")
    if not hub:
        return str(source.get("url", ""))
    owner, project, *file = hub.rstrip("/").split("/")
    return f"https://huggingface.co/{owner}/{project}/resolve/main/{'/'.join(file) or 'open_clip_model.safetensors'}"


def _create(open_clip: Any, name: str, weights: str, quick: bool, wrong: str, hint: str) -> Any:
    """The model with these weights."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)  # it logs what it then raises
    try:
        model = open_clip.create_model(name, pretrained=weights, force_quick_gelu=quick, weights_only=True)
    except Exception as error:  # of hubs, sockets, unpicklers and state dicts
        raise Style3DError(wrong, got=str(error)[:160], hint=hint) from error
    finally:
        logging.disable(before)
    return model.requires_grad_(False).eval()


def _rename(name: str) -> str:
    """What may be wrong with a file."""
    return f"OpenAI's weights belong to {name}-quickgelu" if "quickgelu" not in name else "name its --clip-model"


def clip_standard(tower: Any) -> dict[str, Tensor]:
    """The mean and deviation of the pictures that an image tower was trained on; OpenAI's where it does not say."""
    open_clip = import_open_clip()
    mean, deviation = open_clip.OPENAI_DATASET_MEAN, open_clip.OPENAI_DATASET_STD
    return standard(tower.image_mean or mean, tower.image_std or deviation)


@final
class OpenClip(FixedNetwork, Encoder):
    """Both towers of a CLIP model.

    Args:
        model: as `load_clip` gives it.
        name: open_clip's name of it, which decides the tokenizer.
    """

    def __init__(self, model: Any, name: str) -> None:
        open_clip = import_open_clip()
        try:
            self._tokens = open_clip.get_tokenizer(name)
        except Exception as error:  # some need other packages, or files from a hub
            raise Style3DError(f"{name} has no tokenizer here", got=str(error)[:160]) from error
        digest = digest_of(model.state_dict(), f"open_clip {name}")
        super().__init__(name, digest, model, clip_standard(model.visual))
        self._model = model

    @property
    def size(self) -> int:
        """224 for most."""
        size = self._model.visual.image_size
        return int(size[0] if isinstance(size, tuple | list) else size)

    @property
    def patch(self) -> float:
        """A quarter, as in the paper: 128 of 512 pixels."""
        return 0.25

    @property
    def done_below(self) -> float:
        """τ of the paper."""
        return 0.7

    def pictures(self, images: Pictures) -> Embeddings:
        """Unit vectors of pictures."""
        return F.normalize(self._model.encode_image(self.standardise(images)).float(), dim=1)

    def texts(self, sentences: Sequence[str]) -> Embeddings:
        """Unit vectors of sentences."""
        with torch.no_grad():
            tokens = self._tokens(list(sentences)).to(self._constants["mean"].device)
            return F.normalize(self._model.encode_text(tokens).float(), dim=1)

    def unknown_words(self, sentence: str) -> tuple[str, ...]:
        """None: it was trained on whatever people write."""
        return ()

    def understands(self, sentence: str) -> bool:
        """It tries."""
        return True
