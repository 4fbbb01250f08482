"""open_clip's models as encoders and as features, on tiny ones made here; skipped where open_clip is not installed."""

from __future__ import annotations

import sys

import pytest
import torch

from style3d.errors import Style3DError
from style3d.losses.features.clip import ClipFeatures, positions
from style3d.losses.text.open_clip_models import OpenClip, load_clip, page_of
from tests.helpers.nets import tiny_clips


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_clips(tmp_path_factory.mktemp("clip"))


def picture(rows, columns):
    return torch.rand(1, 3, rows, columns, generator=torch.Generator().manual_seed(0))


def test_an_encoder_says_what_open_clip_says(tiny) -> None:
    model = load_clip("tiny-vit", str(tiny["tiny-vit"]))
    encoder = OpenClip(model, "tiny-vit")
    image = picture(32, 32).requires_grad_()
    mean, deviation = (torch.tensor(v)[None, :, None, None] for v in (model.visual.image_mean, model.visual.image_std))
    expected = model.encode_image((image - mean) / deviation, normalize=True)
    assert torch.allclose(encoder.pictures(image), expected, atol=1e-6)
    encoder.pictures(image).sum().backward()
    assert image.grad.abs().sum() > 0
    texts = encoder.texts(["a blue vase", "a red vase"])
    assert torch.allclose(texts.norm(dim=1), torch.ones(2))
    assert not torch.allclose(texts[0], texts[1])
    assert (encoder.size, encoder.name, encoder.unknown_words("zyx")) == (32, "tiny-vit", ())


def test_token_maps_are_those_of_the_transformer(tiny) -> None:
    model = load_clip("tiny-vit", str(tiny["tiny-vit"]))
    features = ClipFeatures(model, "tiny-vit")
    image = picture(32, 32)
    normal = features.standardise(image)
    found = features(image)
    expected = model.visual.forward_intermediates(normal, indices=[0, 1, 2], intermediates_only=True)
    assert list(found) == ["block1", "block2", "block3"] == list(features.layers)
    for own, theirs in zip(found.values(), expected["image_intermediates"], strict=True):
        assert torch.allclose(own, theirs, atol=1e-5)


def test_any_size_gives_a_map_of_its_patches(tiny) -> None:
    features = ClipFeatures(load_clip("tiny-vit", str(tiny["tiny-vit"])), "tiny-vit")
    assert {tuple(value.shape) for value in features(picture(50, 83)).values()} == {(1, 16, 6, 10)}


def test_stages_are_those_of_the_resnet(tiny) -> None:
    model = load_clip("tiny-resnet", str(tiny["tiny-resnet"]))
    features = ClipFeatures(model, "tiny-resnet")
    image = picture(64, 96).requires_grad_()
    found = features(image)
    assert [tuple(value.shape[1:]) for value in found.values()] == [
        (8, 16, 24), (32, 16, 24), (64, 8, 12), (128, 4, 6), (256, 2, 3)
    ]  # fmt: skip
    stem = model.visual.stem(features.standardise(image))
    assert torch.allclose(found["layer1"], model.visual.layer1(stem), atol=1e-5)
    sum(value.square().mean() for value in found.values()).backward()
    assert image.grad.abs().sum() > 0
    assert list(features(picture(16, 16))) == ["stem", "layer1", "layer2"]


def test_positions_are_kept_at_the_trained_size_and_smooth_at_others() -> None:
    ramp = torch.arange(4.0).repeat_interleave(4)[:, None]  # row numbers of a 4 x 4 grid
    table = torch.cat([torch.full((1, 1), 7.0), ramp])
    assert positions(table, (4, 4), (4, 4)) is table
    larger = positions(table, (4, 4), (8, 4))
    assert larger.shape == (33, 1)
    assert larger[0] == 7
    assert (larger[1:, 0].reshape(8, 4)[:, 0].diff() > 0).all()


def test_what_is_wrong_is_said_on_one_line(tiny, tmp_path) -> None:
    with pytest.raises(Style3DError, match=r"open_clip has no model 'ViT-B32'; expected .*ViT-B-32"):
        load_clip("ViT-B32")
    with pytest.raises(Style3DError, match="tiny-resnet has no published weights; expected a file"):
        load_clip("tiny-resnet")
    with pytest.raises(Style3DError, match=r"neither a file nor a tag of ViT-B-32.*openai"):
        load_clip("ViT-B-32", "missing.safetensors")
    with pytest.raises(Style3DError, match="does not fit tiny-resnet"):
        load_clip("tiny-resnet", str(tiny["tiny-vit"]))


def test_offline_the_file_to_fetch_is_named(tiny, monkeypatch) -> None:
    import open_clip

    def refuse(*_args, **_options):
        raise OSError("no route to host")

    monkeypatch.setattr(open_clip.factory, "download_pretrained", refuse)
    with pytest.raises(Style3DError) as caught:
        load_clip("ViT-B-32")
    said = str(caught.value)
    assert "https://huggingface.co/laion/CLIP-ViT-B-32-laion2B-s34B-b79K/resolve/main/" in said
    assert "--clip-model ViT-B-32 --clip-weights FILE" in said
    assert "\n" not in said


def test_pages_of_weights() -> None:
    assert page_of({"url": "https://a.b/c.pt", "hf_hub": ""}) == "https://a.b/c.pt"
    assert page_of({"hf_hub": "a/b/"}) == "https://huggingface.co/a/b/resolve/main/open_clip_model.safetensors"
    assert page_of({"hf_hub": "a/b/c.bin"}) == "https://huggingface.co/a/b/resolve/main/c.bin"


def test_without_open_clip_the_package_to_install_is_named(monkeypatch) -> None:
    from style3d.losses.text import open_clip_models

    monkeypatch.setitem(sys.modules, "open_clip", None)
    with pytest.raises(Style3DError, match=r"pip install 'style3d\[clip\]'"):
        open_clip_models.import_open_clip()
