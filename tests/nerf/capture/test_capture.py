"""Captures: every reader, every lens, what is refused in one line, and a real one."""

from __future__ import annotations

import json
import logging
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.spatial.transform import Rotation

from style3d.core.camera import look_at
from style3d.errors import Style3DError
from style3d.nerf.capture.capture import FLIP, Z_UP
from style3d.nerf.capture.colmap import MODELS, sparse_model
from style3d.nerf.capture.lens import Brown, FieldOfView, Fisheye, Lens, Panorama
from style3d.nerf.capture.photos import load_photo, resample_photo
from style3d.nerf.capture.read import is_capture, open_capture
from style3d.ply.lists import rows_of, write_ply
from style3d.remarks import collect_remarks
from tests.helpers.assets import asset

EYES = [[0.0, 0.5, 3.0], [2.0, 0.4, 2.0], [3.0, 0.6, 0.0]]


def pose_in_file(eye: list[float]) -> list[list[float]]:
    """A camera that looks at the origin, as transforms.json has it: +Z up, OpenGL's axes."""
    camera = look_at(np.array(eye), np.zeros(3), 40.0, 8)
    return (np.linalg.inv(Z_UP) @ camera.camera_to_world @ FLIP).tolist()


def photo(path: Path, width: int = 12, height: int = 8, seed: int = 0, **options: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path, **options)


def capture_in(folder: Path, frames: list[dict[str, object]] | None = None, **head: object) -> Path:
    """A transforms.json beside three small photos."""
    for number, _ in enumerate(EYES):
        photo(folder / f"images/{number}.png", seed=number)
    listed = [{"file_path": f"images/{n}.png", "transform_matrix": pose_in_file(eye)} for n, eye in enumerate(EYES)]
    values = {"fl_x": 10.0, **head, "frames": listed if frames is None else frames}
    (folder / "transforms.json").write_text(json.dumps(values))
    return folder / "transforms.json"


def test_world_is_turned_upright_and_axes_are_opencv(tmp_path: Path) -> None:
    capture = open_capture(capture_in(tmp_path))
    for view, eye in zip(capture.photos, EYES, strict=True):
        assert np.allclose(view.camera.position, eye)
        assert np.allclose(view.camera.camera_to_world, look_at(np.array(eye), np.zeros(3), 40.0, 8).camera_to_world)
    assert np.allclose(capture.focus, 0, atol=0.05)
    assert (view.camera.focal, view.camera.cx, view.camera.cy) == (10.0, 6.0, 4.0)


def test_a_list_of_frames_may_have_any_name(tmp_path: Path) -> None:
    path = capture_in(tmp_path).rename(tmp_path / "poses.json")
    assert is_capture(path)
    assert len(open_capture(path).photos) == 3
    (tmp_path / "other.json").write_text("{}")
    assert not is_capture(tmp_path / "other.json")


def test_points_of_another_file_are_the_capture_s(tmp_path: Path) -> None:
    """In the poses' world, as nerfstudio has them; what cannot be read is remarked."""
    places = np.array([[1, 2, 3], [4, 5, 6], [np.nan, 0, 0]], np.float32)
    table = np.zeros(3, [(name, "<f4") for name in "xyz"])
    table["x"], table["y"], table["z"] = places.T
    (tmp_path / "points.ply").write_bytes(write_ply({"vertex": rows_of(table)}))
    capture = open_capture(capture_in(tmp_path, ply_file_path=".\\points.ply"))
    np.testing.assert_allclose(capture.points, places[:2] @ Z_UP[:3, :3].T)
    (tmp_path / "points.ply").write_bytes(b"ply\n")
    for named in ("points.ply", "none.ply", "../../../etc/passwd"):
        with collect_remarks() as remarks:
            assert not len(open_capture(capture_in(tmp_path, ply_file_path=named)).points)
        assert any("points of the scene" in text for text in remarks)


def test_a_frame_s_own_intrinsics_come_first(tmp_path: Path) -> None:
    frame = {"file_path": "images/0", "transform_matrix": pose_in_file(EYES[0]), "fl_x": 20, "cx": 5, "k1": 0.1}
    (view,) = open_capture(capture_in(tmp_path, [frame], cx=6.5, cy=3.5)).photos
    assert view.lens == Lens(20.0, 20.0, 5.0, 3.5, 12, 8, Brown((0.1, 0.0, 0.0)))
    assert view.path.name == "0.png"  # the frame left its suffix away


def test_angles_stand_in_for_focal_lengths(tmp_path: Path) -> None:
    path = capture_in(tmp_path, fl_x=None, camera_angle_x=2 * np.arctan(0.5))
    assert open_capture(path).photos[0].camera.focal == pytest.approx(12.0)


def test_blender_s_split_and_opacity(tmp_path: Path) -> None:
    for part in ("train", "val"):
        pixels = np.zeros((32, 32, 4), np.uint8)
        pixels[2:18, 2:18] = [200, 100, 50, 255]
        (tmp_path / part).mkdir()
        Image.fromarray(pixels).save(tmp_path / part / "r_0.png")
        frame = {"file_path": f"./{part}/r_0", "transform_matrix": pose_in_file(EYES[0])}
        (tmp_path / f"transforms_{part}.json").write_text(json.dumps({"camera_angle_x": 0.7, "frames": [frame]}))
    capture = open_capture(tmp_path)
    assert (len(capture.photos), capture.held_out) == (2, (1,))
    picture = load_photo(capture.photos[0])
    assert (picture.alpha[3, 3], picture.alpha[0, 0]) == (1, 0)
    assert np.allclose(picture.rgb[3, 3] * 255, [200, 100, 50], atol=0.01)
    half = load_photo(capture.photos[0], 4.0)
    assert half.alpha[0, 0] == pytest.approx(0.25)
    assert np.allclose(half.rgb[0, 0] * 255, [200, 100, 50], atol=0.01)  # not darkened by what is transparent


def test_missing_photos_are_named_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    frames = [{"file_path": f"images/{n}.png", "transform_matrix": pose_in_file(EYES[0])} for n in (0, 1, 7, 8)]
    with caplog.at_level(logging.WARNING):
        capture = open_capture(capture_in(tmp_path, frames))
    assert capture.missing == ("images/7.png", "images/8.png")
    assert [record.getMessage().split(": ", 1)[1] for record in caplog.records] == [
        "2 of 4 photos are missing: images/7.png, images/8.png"
    ]


def test_masks_leave_pixels_out(tmp_path: Path) -> None:
    mask = np.full((8, 12), 255, np.uint8)
    mask[:, :3] = 0
    frame = {"file_path": "images/0.png", "transform_matrix": pose_in_file(EYES[0]), "mask_path": "mask.png"}
    path = capture_in(tmp_path, [frame])
    Image.fromarray(mask).save(tmp_path / "mask.png")
    picture = load_photo(open_capture(path).photos[0])
    assert not picture.weight[:, :3].any()
    assert picture.weight[:, 3:].all()


def test_exif_turns_a_photo_only_where_its_camera_says_so(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    for size, shape in (((12, 8), (8, 12)), ((8, 12), (12, 8))):
        path = capture_in(tmp_path, w=size[0], h=size[1])
        for number in range(3):
            photo(tmp_path / f"images/{number}.png", exif=exif)
        assert load_photo(open_capture(path).photos[0]).rgb.shape[:2] == shape


def test_scaled_down_photos_keep_their_view(tmp_path: Path) -> None:
    view = open_capture(capture_in(tmp_path)).photos[0]
    picture = load_photo(view, 2.0)
    assert (picture.camera.width, picture.camera.height, picture.camera.focal) == (6, 4, 5.0)
    full = load_photo(view).rgb
    assert np.allclose(picture.rgb[0, 0], full[:2, :2].mean((0, 1)), atol=1e-6)


def test_a_photo_of_another_size_is_taken_as_scaled(tmp_path: Path) -> None:
    picture = load_photo(open_capture(capture_in(tmp_path, w=24, h=16, fl_x=20.0)).photos[0], 2.0)
    assert (picture.rgb.shape, picture.camera.focal) == ((8, 12, 3), 10.0)


DISTORTIONS = [
    Brown((0.1, -0.02, 0.003), (0.001, -0.002)),
    Brown((0.1, 0.02, 0.01, 0.05, 0.01, 0.002)),
    Fisheye((0.02, -0.005, 0.001, 0.0)),
    Fisheye((0.02, 0.0), (0.001, 0.002), (0.001, 0.0, 0.002, 0.0)),
    Fisheye((0.1, 0.0, 0.0, 0.0, 0.0, 0.0), (0.001, 0.002), (0.001, 0.0, 0.002, 0.001), late=True),
    FieldOfView(0.9),
]


@pytest.mark.parametrize("distortion", DISTORTIONS, ids=lambda distortion: type(distortion).__name__)
def test_lenses_agree_with_a_pinhole_in_the_middle(distortion: Brown) -> None:
    """Near the axis every lens but the FOV model (whose scale differs) is a pinhole."""
    ahead = np.array([[0.0, 0, 1], [1e-4, 0, 1], [0, 1e-4, 1]])
    plane = distortion.plane(ahead)
    scale = 2 * np.tan(0.45) / 0.9 if isinstance(distortion, FieldOfView) else 1.0
    assert np.allclose(plane, scale * ahead[:, :2], atol=1e-7)


def test_lens_formulas() -> None:
    """Values worked out by hand from each model's definition."""
    x = np.array([[0.3, 0.4, 1.0]])  # radius 0.5
    assert np.allclose(Brown((0.2,)).plane(x), x[:, :2] * (1 + 0.2 * 0.25))
    assert np.allclose(Brown((), (0.01, 0.02)).plane(x) - x[:, :2],
                       [[2 * 0.01 * 0.12 + 0.02 * (0.25 + 0.18), 2 * 0.02 * 0.12 + 0.01 * (0.25 + 0.32)]])  # fmt: skip
    theta = np.arctan(0.5)
    assert np.allclose(Fisheye((0.1,)).plane(x), x[:, :2] / 0.5 * theta * (1 + 0.1 * theta**2))
    assert np.allclose(Panorama().plane(np.array([[1.0, 0, 0], [0, 1, 0]])), [[0.25, 0], [0, 0.5]])


def test_a_lens_that_folds_back_sees_nothing_beyond() -> None:
    far = np.array([[0.2, 0, 1.0], [3.0, 0, 1.0], [0, 0, -1.0]])
    assert np.isfinite(Brown((-0.3,)).plane(far)).all(1).tolist() == [True, False, False]


def test_undistorting_undoes_distortion() -> None:
    """A smooth pattern photographed through a lens comes back as a pinhole sees it."""
    camera = look_at(np.array([0.0, 0, 2]), np.zeros(3), 60.0, 64)
    lens = Lens(camera.focal, 1.1 * camera.focal, 33.0, 31.0, 64, 64, Brown((-0.15, 0.02), (0.002, -0.001)))
    rays = camera.directions() @ camera.camera_to_world[:3, :3]

    def pattern(place: np.ndarray) -> np.ndarray:
        return 0.5 + 0.4 * np.sin(6 * place[:, 0]) * np.cos(5 * place[:, 1])

    # every pixel of the photo, back to its direction by fixed-point iteration
    grid = np.stack(np.meshgrid(np.arange(64) + 0.5, np.arange(64) + 0.5), -1).reshape(-1, 2)
    wanted = (grid - [lens.cx, lens.cy]) / [lens.fx, lens.fy]
    plane = wanted.copy()
    for _ in range(60):
        plane += wanted - lens.distortion.plane(np.column_stack([plane, np.ones(len(plane))]))
    taken = np.column_stack([pattern(plane), np.ones(len(plane))]).reshape(64, 64, 2).astype(np.float32)
    seen = resample_photo(taken, lens, np.eye(3), camera).reshape(-1, 2)
    inside = seen[:, 1] > 0.999
    assert inside.mean() > 0.8
    assert np.abs(seen[:, 0] - pattern(rays[:, :2]))[inside].max() < 0.02


def test_a_panorama_becomes_six_sides(tmp_path: Path) -> None:
    height, width = 32, 64
    v, u = np.meshgrid((np.arange(height) + 0.5) / height, (np.arange(width) + 0.5) / width, indexing="ij")
    longitude, latitude = (u - 0.5) * 2 * np.pi, (v - 0.5) * np.pi
    local = np.stack([np.cos(latitude) * np.sin(longitude), np.sin(latitude), np.cos(latitude) * np.cos(longitude)], -1)
    (tmp_path / "images").mkdir()
    pose = np.array(pose_in_file(EYES[0]))
    turn = Z_UP[:3, :3] @ pose[:3, :3] @ FLIP[:3, :3]
    Image.fromarray(np.uint8(np.rint((local @ turn.T * 0.5 + 0.5) * 255))).save(tmp_path / "images/p.png")
    frame = {"file_path": "images/p.png", "transform_matrix": pose.tolist()}
    (tmp_path / "transforms.json").write_text(json.dumps({"camera_model": "EQUIRECTANGULAR", "frames": [frame]}))
    capture = open_capture(tmp_path)
    assert len(capture.photos) == 6
    for view in capture.photos:  # the panorama's colour is its direction in the world
        picture = load_photo(view)
        world = picture.camera.directions()
        world /= np.linalg.norm(world, axis=1, keepdims=True)
        off = np.abs(picture.rgb.reshape(-1, 3) - (world * 0.5 + 0.5))
        assert np.median(off) < 0.01
        assert off.max() < 0.12  # two texels, at the poles


def colmap_in(folder: Path, kind: str, model: int = 4, missing: bool = False) -> Path:
    """A sparse model of three photos."""
    name, count, focals, _ = MODELS[model]
    values = [10.0] * focals + [6.0, 4.0] + [0.01] * (count - focals - 2)
    place = folder / "sparse/0"
    place.mkdir(parents=True)
    cameras, images, points = [], [], [(0.0, 0.0, 0.0), (0.1, 0.2, 0.3)]
    for number, eye in enumerate(EYES):
        if not (missing and number):
            photo(folder / f"images/{number}.png")
        world = np.linalg.inv(look_at(np.array(eye), np.zeros(3), 40.0, 8).camera_to_world)
        x, y, z, w = Rotation.from_matrix(world[:3, :3]).as_quat()
        images.append((number, [w, x, y, z], world[:3, 3].tolist(), f"{number}.png"))
    cameras.append((1, model, name, values))
    if kind == "bin":
        blob = struct.pack("<Q", 1) + b"".join(
            struct.pack(f"<iiQQ{count}d", key, number, 12, 8, *values) for key, number, _, values in cameras
        )
        (place / "cameras.bin").write_bytes(blob)
        blob = struct.pack("<Q", 3) + b"".join(
            struct.pack("<i7di", key, *q, *t, 1) + name.encode() + b"\0" + struct.pack("<Q2dq", 1, 1.0, 2.0, -1)
            for key, q, t, name in images
        )
        (place / "images.bin").write_bytes(blob)
        blob = struct.pack("<Q", 2) + b"".join(
            struct.pack("<Q3d3BdQ2i", key, *xyz, 1, 2, 3, 0.5, 1, 0, 0) for key, xyz in enumerate(points)
        )
        (place / "points3D.bin").write_bytes(blob)
    else:
        lines = [f"{key} {name} 12 8 {' '.join(map(str, values))}" for key, _, name, values in cameras]
        (place / "cameras.txt").write_text("# a comment\n" + "\n".join(lines))
        lines = [f"{key} {' '.join(map(str, [*q, *t]))} 1 {name}\n" for key, q, t, name in images]
        (place / "images.txt").write_text("# a comment\n" + "\n".join(lines))
        (place / "points3D.txt").write_text(
            "".join(f"{k} {x} {y} {z} 1 2 3 0.5\n" for k, (x, y, z) in enumerate(points))
        )
    return folder


@pytest.mark.parametrize("kind", ["bin", "txt"])
def test_colmap_models_are_read(tmp_path: Path, kind: str) -> None:
    capture = open_capture(colmap_in(tmp_path, kind))
    eyes = np.array([view.camera.position for view in capture.photos])
    wanted = np.linalg.norm(np.diff(np.array(EYES), axis=0), axis=1)
    assert np.allclose(np.linalg.norm(np.diff(eyes, axis=0), axis=1), wanted)  # the world may be turned
    up = -np.mean([view.camera.camera_to_world[:3, 1] for view in capture.photos], axis=0)
    assert np.allclose(up / np.linalg.norm(up), [0, 1, 0], atol=1e-9)
    assert capture.points.shape == (2, 3)
    assert np.allclose(np.linalg.norm(capture.points[1]), np.linalg.norm([0.1, 0.2, 0.3]))
    assert capture.photos[0].lens.distortion == Brown((0.01, 0.01), (0.01, 0.01))


@pytest.mark.parametrize("model", range(len(MODELS)), ids=[model[0] for model in MODELS])
def test_every_colmap_camera_model(tmp_path: Path, model: int) -> None:
    view = open_capture(colmap_in(tmp_path, "bin", model)).photos[0]
    assert np.allclose(view.lens.pixels(np.array([[0.0, 0.0, 1.0]])), [[6.0, 4.0]])
    load_photo(view)


@pytest.mark.parametrize("cut", [5, 30, 90, 200])
@pytest.mark.parametrize("name", ["cameras.bin", "images.bin", "points3D.bin"])
def test_truncated_colmap_files_are_refused(tmp_path: Path, name: str, cut: int) -> None:
    path = colmap_in(tmp_path, "bin") / "sparse/0" / name
    content = path.read_bytes()
    path.write_bytes(content[: min(cut, len(content) - 1)])
    with pytest.raises(Style3DError, match="damaged"):
        open_capture(tmp_path)


def test_absurd_counts_are_refused_before_anything_is_allocated(tmp_path: Path) -> None:
    path = colmap_in(tmp_path, "bin") / "sparse/0/points3D.bin"
    path.write_bytes(struct.pack("<Q", 1 << 60) + path.read_bytes()[8:])
    with pytest.raises(Style3DError, match="damaged"):
        open_capture(tmp_path)


BROKEN = {
    "no frames": ({"frames": []}, "has no photos"),
    "no list": ({"frames": 3}, "is not a capture"),
    "no matrix": ({"matrix": None}, "not a matrix"),
    "words": ({"matrix": [["a"] * 4] * 4}, "not a matrix"),
    "nan": ({"matrix": np.full((4, 4), np.nan).tolist()}, "no pose that can be used"),
    "singular": ({"matrix": np.zeros((4, 4)).tolist()}, "not a rigid motion"),
    "mirror": ({"matrix": np.diag([-1.0, 1, 1, 1]).tolist()}, "not a rigid motion"),
    "absent": ({"file_path": "images/none.png"}, "has no photos"),
    "escape": ({"file_path": "../../../../etc/passwd"}, "outside the capture"),
    "absolute": ({"file_path": "/etc/hostname"}, "outside the capture"),
    "null byte": ({"file_path": "a\0b"}, "cannot be a path"),
    "absurd size": ({"w": 1e9}, "out of range"),
    "no focal length": ({"fl_x": None}, "focal length"),
    "text for a number": ({"k1": "much"}, "not a number"),
    "stereo": ({"camera_model": "VR180_L"}, "camera model"),
}


@pytest.mark.parametrize("case", sorted(BROKEN))
def test_broken_captures_are_refused_in_one_line(tmp_path: Path, case: str) -> None:
    change, message = BROKEN[case]
    folder = tmp_path / "deep" / "capture"
    matrix = change.get("matrix", pose_in_file(EYES[0])) if "matrix" in change else pose_in_file(EYES[0])
    frame = {"file_path": "images/0.png", "transform_matrix": matrix}
    frame |= {key: value for key, value in change.items() if key not in ("frames", "matrix")}
    path = capture_in(folder, change.get("frames", [frame]))  # type: ignore[arg-type]
    with pytest.raises(Style3DError, match=message) as caught:
        open_capture(path)
    assert "\n" not in str(caught.value)


def test_a_photo_without_a_finite_pose_is_left_out(tmp_path: Path) -> None:
    """It costs itself, with a remark, and not the capture."""
    frames = [{"file_path": f"images/{n}.png", "transform_matrix": pose_in_file(eye)} for n, eye in enumerate(EYES)]
    frames[1]["transform_matrix"] = [[float("nan")] * 4] * 4
    with collect_remarks() as remarks:
        assert len(open_capture(capture_in(tmp_path, frames)).photos) == 2
    assert any("leaves out 1 photo with poses of no finite numbers (images/1.png)" in text for text in remarks)


@pytest.mark.parametrize("named", ["images", "sparse/0/deeper"])
def test_a_folder_within_a_capture_names_the_one_above(named: str, tmp_path: Path) -> None:
    capture_in(tmp_path)
    (tmp_path / named).mkdir(parents=True, exist_ok=True)
    with pytest.raises(Style3DError, match=r"no camera poses") as caught:
        open_capture(tmp_path / named)
    assert (f"name {tmp_path}" in str(caught.value)) == (named == "images")


@pytest.mark.parametrize("content", ["", "{", "[" * 100_000, '{"frames": [1]}', "\x00\xff"])
def test_what_is_no_capture_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "transforms.json").write_text(content, encoding="latin-1")
    with pytest.raises(Style3DError):
        open_capture(tmp_path)


def test_folders_without_poses_are_refused(tmp_path: Path) -> None:
    with pytest.raises(Style3DError, match="no camera poses"):
        open_capture(tmp_path)
    with pytest.raises(Style3DError, match="does not exist"):
        open_capture(tmp_path / "none")


def test_the_fox() -> None:
    capture = open_capture(asset("captures/fox"))
    assert (len(capture.photos), len(capture.missing)) == (50, 17)
    assert capture.held_out == (0, 8, 16, 24, 32, 40, 48)
    picture = load_photo(capture.photos[0], 8.0)
    assert picture.rgb.shape == (240, 135, 3)
    assert 0.97 < picture.weight.mean() < 1  # undistorting leaves thin edges empty
    assert all(view.camera.camera_to_world[1, 1] < -0.8 for view in capture.photos)  # upright in a +Y-up world


def test_the_lego_truck() -> None:
    capture = open_capture(asset("captures/nerfstudio_tests/lego_test"))
    assert (len(capture.photos), capture.held_out) == (2, (1,))
    assert 0.1 < load_photo(capture.photos[0]).alpha.mean() < 0.6


@pytest.mark.parametrize(
    "name",
    [
        *(".\\images\\{}.png", "images\\{}.png", "C:\\Users\\me\\cap\\images\\{}.png", "/workspace/cap/images/{}.png"),
        *("file:///D:/cap/images/{}.png", "images/%7B{}%7D.PNG", "Images/{}.png", "images/{}.jpg"),
    ],
)
def test_names_of_other_systems_are_found(tmp_path: Path, name: str) -> None:
    frames = [{"file_path": name.format(n), "transform_matrix": pose_in_file(eye)} for n, eye in enumerate(EYES)]
    path = capture_in(tmp_path, frames)
    for number in range(3) if "%7B" in name else ():
        (tmp_path / f"images/{number}.png").rename(tmp_path / f"images/{{{number}}}.png")
    with collect_remarks() as remarks:
        capture = open_capture(path)
    assert len({photo.path for photo in capture.photos}) == 3
    assert len(remarks) == (name not in (".\\images\\{}.png", "images\\{}.png"))


def test_one_file_never_stands_in_for_two_photos(tmp_path: Path) -> None:
    frames = [{"file_path": f"{n}/0.png", "transform_matrix": pose_in_file(eye)} for n, eye in enumerate(EYES)]
    capture = open_capture(capture_in(tmp_path, frames))
    assert (len(capture.photos), len(capture.missing)) == (1, 2)


@pytest.mark.parametrize(
    "layout",
    ["sparse/1", "dense/0/sparse", "dense/sparse", "dense", "colmap/sparse/2", "7", "sparse_text", "colmap_text"],
)
def test_colmap_models_are_found_wherever_they_are_numbered(tmp_path: Path, layout: str) -> None:
    colmap_in(tmp_path / "it", "txt")
    place = tmp_path / "it" / layout
    place.parent.mkdir(parents=True, exist_ok=True)
    model = sparse_model(tmp_path / "it")
    assert model is not None
    model.rename(tmp_path / "model")
    (tmp_path / "model").rename(place)
    assert len(open_capture(tmp_path / "it").photos) == 3


def test_the_largest_of_several_models_is_read(tmp_path: Path) -> None:
    colmap_in(tmp_path, "txt")
    model = sparse_model(tmp_path)
    assert model is not None
    shutil.copytree(model, tmp_path / "sparse/1")
    lines = (model / "images.txt").read_text().splitlines()
    (tmp_path / "sparse/0/images.txt").write_text("\n".join(lines[:2]) + "\n")
    with collect_remarks() as remarks:
        assert len(open_capture(tmp_path).photos) == 3
    assert remarks == [f"{tmp_path} holds 2 sparse models: sparse/1, the largest, is read"]


def test_copies_at_another_size_stand_in_and_the_lens_follows(tmp_path: Path) -> None:
    path = capture_in(tmp_path, w=24, h=16, cx=12, cy=8)
    (tmp_path / "images").rename(tmp_path / "images_2")
    with collect_remarks() as remarks:
        (first, *_) = open_capture(path).photos
    assert (first.lens.width, first.lens.height, first.lens.fx, first.lens.cx) == (12, 8, 5.0, 6.0)
    assert remarks == [f"{tmp_path}: images/0.png is not there, images_2/0.png is taken for it and 2 more alike"]


def test_colmap_s_copies_at_another_size_stand_in(tmp_path: Path) -> None:
    colmap_in(tmp_path, "bin")
    whole = open_capture(tmp_path).photos[0].lens
    (tmp_path / "images").rename(tmp_path / "images_4")
    for file in (tmp_path / "images_4").rglob("*.png"):
        photo(file, whole.width // 2, whole.height // 2)
    half = open_capture(tmp_path).photos[0].lens
    assert (half.width, half.fx) == (whole.width // 2, whole.fx / 2)
