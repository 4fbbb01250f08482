"""Trains the small image–text model on generated pictures with generated captions: `python scripts/train_prompt.py`.

The convolutions are the shipped embedded network's and stay fixed, so that every crop passes through them once: its
statistics are kept, and only the picture's head and the text tower learn (InfoNCE both ways, Radford et al., ICML 2021;
pairs with the same caption count as right). Captions run from specific to vague; crops change size, light and shape, as
patches of an object seen from anywhere do. Prints how often, of 256 pictures never seen, the right caption is found.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Generator, Tensor, nn
from torch.nn import functional as F

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parent)]
from captioned_textures import make_captioned  # noqa: E402

from style3d.device import fast_dtype  # noqa: E402
from style3d.losses.features import embedded  # noqa: E402
from style3d.losses.text.small import RANK, SHIPPED, SIZE, SmallModel, tokens_of  # noqa: E402
from style3d.losses.text.words import VOCABULARY  # noqa: E402
from style3d.prompt_pictures.fields import chance, smooth, uniform  # noqa: E402

HELD_OUT = 1 << 40  # seeds from here on are for judging
ANYTHING = ("a photo", "a photo of a object", "a picture", "a texture", "a object")  # said of every picture


def crop(image: Tensor, rng: Generator) -> Tensor:
    """A view (3, SIZE, SIZE) of a picture: another size, mirrored, shaded, or only part of it before a flat ground."""
    side = int(uniform(rng, 76, image.shape[-1] + 1))
    y, x = (int(uniform(rng, 0, image.shape[-1] - side + 1)) for _ in range(2))
    part = image[None, :, y : y + side, x : x + side]
    view = F.interpolate(part, size=(SIZE, SIZE), mode="bilinear", antialias=True, align_corners=False)[0]
    view = view.flip(2) if chance(rng, 0.5) else view
    view = view.transpose(1, 2) if chance(rng, 0.3) else view
    if chance(rng, 0.45):
        view = view * (0.8 + 0.2 * smooth(rng, SIZE, 0.8))[None].clamp(0.35, 1.15)
    if chance(rng, 0.3):
        color = view.mean((1, 2)) if chance(rng, 0.5) else torch.rand(3, generator=rng)
        shape = smooth(rng, SIZE, 0.9) > uniform(rng, 0.2, 1.2)
        view = torch.where(shape, color[:, None, None], view)
    return (view * uniform(rng, 0.85, 1.15) + uniform(rng, -0.04, 0.04)).clamp(0, 1)


def main_directions(model: SmallModel, views: Tensor) -> None:
    """Sets the directions whose correlations are kept: the first principal ones of standardised features."""
    for name, values in model.statistics.maps(views).items():
        flat = values.permute(1, 0, 2, 3).flatten(1)
        flat = (flat - flat.mean(1, keepdim=True)) / flat.std(1, keepdim=True).clamp_min(1e-3)
        _, vectors = torch.linalg.eigh(flat @ flat.T / flat.shape[1])
        getattr(model.statistics, f"basis_{name}").copy_(vectors.T.flip(0)[:RANK])


def gather(model: SmallModel, first: int, count: int, views: int) -> tuple[Tensor, list[list[str]]]:
    """Statistics (count · views, …) of crops, those of one picture side by side, and the pictures' captions."""
    rows, captions, started = [], [], time.monotonic()
    for number in range(count):
        image, said = make_captioned(first + number)
        rng = torch.Generator().manual_seed(first + number + 1)
        captions.append(said)
        rows.append(model.statistics(torch.stack([crop(image, rng) for _ in range(views)])).half())
        if number % 2000 == 1999:
            print(f"{number + 1} pictures in {time.monotonic() - started:.0f} s", flush=True)
    return torch.cat(rows), captions


def match(pictures: Tensor, sentences: Tensor, tokens: Tensor, scale: Tensor) -> Tensor:
    """InfoNCE in both directions; equal sentences share the target."""
    same = (tokens[:, None] == tokens[None]).all(2).float()
    target = same / same.sum(1, keepdim=True)
    logits = scale.exp() * pictures @ sentences.T
    return -(target * (logits.log_softmax(1) + logits.T.log_softmax(1))).sum(1).mean() / 2


def say(captions: list[str], rng: Generator) -> str:
    """One of a picture's captions, the specific ones more often; now and then one that fits anything."""
    if chance(rng, 0.04):
        return ANYTHING[int(uniform(rng, 0, len(ANYTHING)))]
    return captions[int(len(captions) * uniform(rng, 0, 1) ** 1.3)]


@torch.no_grad()
def retrieval(model: SmallModel, rows: Tensor, captions: list[list[str]]) -> tuple[float, float]:
    """Share of pictures whose most specific caption is first, and among the first five, of 256."""
    model.eval()
    first = fifth = total = 0
    for start in range(0, len(rows) - 255, 256):
        tokens = tokens_of([said[0] for said in captions[start : start + 256]])
        scores = model.embed_statistics(rows[start : start + 256].float()) @ model.embed_words(tokens).T
        right = (tokens[:, None] == tokens[None]).all(2)  # the same words are as right
        rank = (scores > scores.masked_fill(~right, -2).amax(1, keepdim=True)).sum(1)
        first, fifth, total = first + int((rank == 0).sum()), fifth + int((rank < 5).sum()), total + 256
    model.train()
    return first / total, fifth / total


def learn(model: SmallModel, rows: Tensor, captions: list[list[str]], options: argparse.Namespace) -> None:
    """Trains the heads."""
    rng, views = torch.Generator().manual_seed(options.seed), len(rows) // len(captions)
    scale = nn.Parameter(torch.tensor(math.log(10.0)))
    learned = [p for name, p in model.named_parameters() if not name.startswith("statistics")]
    optimizer = torch.optim.AdamW([*learned, scale], options.rate, weight_decay=0.05, betas=(0.9, 0.98))
    started = time.monotonic()
    for step in range(options.steps):
        warm = min(1.0, (step + 1) / 100)
        for group in optimizer.param_groups:
            group["lr"] = options.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * step / options.steps)))
        which = torch.randint(0, len(captions), (options.batch,), generator=rng)
        chosen = rows[which * views + torch.randint(0, views, which.shape, generator=rng)].float()
        blurred = chosen + options.noise * model.deviation * torch.randn(chosen.shape, generator=rng)
        kept = torch.rand(chosen.shape, generator=rng) > 0.1
        tokens = tokens_of([say(captions[index], rng) for index in which.tolist()])
        loss = match(
            model.embed_statistics(torch.where(kept, blurred, model.mean)), model.embed_words(tokens), tokens, scale
        )
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        scale.data.clamp_(max=math.log(40.0))
        if step % 100 == 0 or step == options.steps - 1:
            print(
                f"step {step} loss {loss.item():.3f} scale {scale.exp().item():.1f} {time.monotonic() - started:.0f} s",
                flush=True,
            )


def train(options: argparse.Namespace) -> None:
    """Makes pictures, learns, judges, writes."""
    torch.manual_seed(options.seed)
    model = SmallModel()
    shipped = load_file(embedded.SHIPPED)
    wanted = model.statistics.convolutions.state_dict()
    model.statistics.convolutions.load_state_dict({name: shipped[name].float() for name in wanted})
    model.statistics.requires_grad_(False)
    model.statistics.to(memory_format=torch.channels_last)
    convolutions = model.statistics.convolutions
    convolutions.to(fast_dtype("cpu"))
    first = options.seed * 100_000_000
    main_directions(model, torch.stack([make_captioned(first + i)[0][:, :SIZE, :SIZE] for i in range(64)]))
    rows, captions = gather(model, first, options.pictures, options.views)
    model.mean.copy_(rows.float().mean(0))
    model.deviation.copy_(rows.float().std(0) + 0.02)
    learn(model, rows, captions, options)
    convolutions.float()
    tensors = {name: value.half().contiguous() for name, value in model.state_dict().items()}
    about = {"project": "style3d", "vocabulary": json.dumps(VOCABULARY)}
    save_file(tensors, options.output, about)
    convolutions.to(fast_dtype("cpu"))
    held, said = gather(model, HELD_OUT, 1024, 1)
    print("retrieval of 256 held-out pictures: first {:.3f}, first five {:.3f}".format(*retrieval(model, held, said)))


def main() -> None:
    """Reads the options."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=SHIPPED)
    parser.add_argument("--pictures", type=int, default=12_000)
    parser.add_argument("--views", type=int, default=3, help="crops of each picture")
    parser.add_argument("--steps", type=int, default=6000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--noise", type=float, default=0.15, help="on statistics, in their deviations")
    parser.add_argument("--seed", type=int, default=0)
    train(parser.parse_args())


if __name__ == "__main__":
    main()
