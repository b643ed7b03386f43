"""Write simulated animals in the layouts of the published data sets, to try the examples on.

Run it with ``python -m examples.stand_ins tethered_fly FOLDER``; the other names are prism_fly,
prism_mouse, open_monkey and capture_rat. What a lifter reaches on these animals says nothing about
real ones: they are here so that every example runs without a download.
"""

import argparse
import pickle
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from scipy.io import savemat

from liftpose import Camera
from liftpose.datasets import hexapod, quadruped

LEGS = ("front", "mid", "hind")
LEG = ("thorax_coxa", "coxa_femur", "femur_tibia", "tibia_tarsus", "claw")
AZIMUTHS = (-120.0, -90.0, -60.0, 0.0, 60.0, 90.0, 120.0)
"""Where DeepFly3D's cameras stand around a fly that looks along `x`, degrees."""


def looking_at(
    place: Any, focal: float, size: tuple[int, int], name: str, lens: Any = ()
) -> Camera:
    """Give an upright camera that looks at the origin of a world whose `z` is up."""
    place = np.asarray(place, dtype=float)
    forward = -place / np.linalg.norm(place)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    R = np.stack([right, np.cross(forward, right), forward])
    K = np.asarray([[focal, 0, size[0] / 2], [0, focal, size[1] / 2], [0, 0, 1]])
    dist = [*lens, *([0.0] * (5 - len(lens)))]
    return Camera(K, R, -R @ place, dist, size, name)


def facing_x(points: Any, front: Any, back: Any) -> Any:
    """Put an animal's middle into the origin, its front along `x`, in every frame."""
    ahead = (front - back)[:, :2]
    ahead = ahead / np.linalg.norm(ahead, axis=1, keepdims=True)
    cos, sin = ahead[:, 0], ahead[:, 1]
    middle = np.concatenate([((front + back) / 2)[:, :2], np.zeros((len(points), 1))], axis=1)
    turn = np.zeros((len(points), 3, 3))
    turn[:, 0, 0], turn[:, 0, 1], turn[:, 1, 0], turn[:, 1, 1] = cos, sin, -sin, cos
    turn[:, 2, 2] = 1
    return np.einsum("nij,nkj->nki", turn, points - middle[:, None])


def fly_legs(frames: int, seed: int, animal: int, sides: Sequence[str]) -> Any:
    """Simulate the legs of a fly that looks along `x`, (N, 30, 3), mm; the sides in an order."""
    fly = hexapod(frames=frames, seed=seed, animal=animal)
    place = {name: number for number, name in enumerate(fly.joints)}
    front, back = (
        fly.poses_3d[:, [place[f"{side}_{leg}_thorax_coxa"] for side in ("left", "right")]].mean(1)
        for leg in ("front", "hind")
    )
    order = [place[f"{side}_{leg}_{joint}"] for side in sides for leg in LEGS for joint in LEG]
    return facing_x(fly.poses_3d, front, back)[:, order]


def whole_fly(frames: int, seed: int, animal: int) -> Any:
    """Simulate 38 joints, right side first: legs, antenna, and three stripes of the abdomen."""
    legs = fly_legs(frames, seed, animal, ("right", "left"))
    height = legs[:, [0, 15], 2].mean()
    sides = []
    for legs_of, side in ((legs[:, :15], -1.0), (legs[:, 15:], 1.0)):
        rest = [(0.9, 0.1, 0.2), (-0.7, 0.35, 0.2), (-1.0, 0.3, 0.1), (-1.3, 0.2, -0.1)]
        rest = np.asarray([(x, side * y, height + z) for x, y, z in rest])
        sides += [legs_of, np.broadcast_to(rest, (frames, 4, 3))]
    return np.concatenate(sides, axis=1)


def deepfly3d_cameras() -> list[Camera]:
    """Give seven telephoto cameras around a fly; each is called by its number."""
    angles = np.radians(AZIMUTHS)
    return [
        looking_at((118 * np.cos(a), 118 * np.sin(a), 12), 16_000, (960, 480), str(number))
        for number, a in enumerate(angles)
    ]


def write_deepfly3d(
    path: Path, points_3d: Any, points_2d: Any, cameras: Sequence[Camera], shares: bool = False
) -> None:
    """Write a pickle as DeepFly3D does: zeros on the side that a camera does not look at.

    `points_2d` are pixels, (cameras, frames, 38, 2); as `shares`, they are written as (row,
    column) over the height and width of the image.
    """
    table = np.array(points_2d, dtype=float)
    if shares:
        table = table[..., ::-1] / [480, 960]
    for number in range(len(cameras)):
        table[number, :, 19 : 38 if number < 3 else 19] = 0
        table[number, :, : 19 if number > 3 else 0] = 0
    content: dict[Any, Any] = {"points3d": points_3d, "points2d": table, "meta": None}
    for number, camera in enumerate(cameras):
        content[number] = {
            **{"R": camera.R, "tvec": camera.t, "intr": camera.K, "distort": np.zeros(5)},
        }
    path.write_bytes(pickle.dumps(content))


def tethered_fly(folder: Path, frames: int, rng: np.random.Generator) -> None:
    """Write a recording of each of seven flies."""
    cameras = deepfly3d_cameras()
    for fly in range(1, 8):
        points = whole_fly(frames, fly, fly)
        pixels = np.stack([camera.project(points) for camera in cameras])
        pixels += rng.normal(0, 2, pixels.shape)
        name = f"pose_result__simulated_PR_Fly{fly}_001.pkl"
        write_deepfly3d(folder / name, points, pixels, cameras)


def recorded_fly(path: Path, recording: Path) -> None:
    """Write a recording of real legs, an ``.npz`` of six of DeepFly3D's cameras, as a pickle.

    It has ``pose3d`` (N, 30, 3), ``pose2d`` (6, N, 30, 2), ``camera_ids``, ``K``, ``R`` and ``t``;
    antennas and stripes are in none of them.
    """
    with np.load(recording) as file:
        deep, flat, numbers = file["pose3d"], file["pose2d"], file["camera_ids"].tolist()
        views = [Camera(*(file[name][number] for name in "KRt")) for number in range(len(numbers))]
    legs = np.r_[0:15, 19:34]
    points_3d, points_2d = np.full((len(deep), 38, 3), np.nan), np.zeros((7, len(deep), 38, 2))
    points_3d[:, legs] = deep
    for number, pixels in zip(numbers, np.nan_to_num(flat), strict=True):
        points_2d[number][:, legs] = pixels
    by_number = dict(zip(numbers, views, strict=True))
    write_deepfly3d(path, points_3d, points_2d, [by_number.get(n, views[0]) for n in range(7)])


def write_prism(path: Path, points_3d: Any, side_x: Any, good: Any, index: Any) -> None:
    """Write a pickle of a ventral and a side view: `x` and `y` of the one, `z` of the other."""
    ventral = points_3d[..., :2]
    side = np.stack([side_x, points_3d[..., 2]], axis=-1)
    content = {
        **{"points3d": points_3d, "points2d": np.stack([ventral, side])},
        **{"good_keypts": good, "index": index},
    }
    path.write_bytes(pickle.dumps(content))


def prism_fly(folder: Path, frames: int, rng: np.random.Generator) -> None:
    """Write a recording of each of four flies, left legs first, 112 pixels to the millimetre."""
    for fly, recording in ((1, 4), (2, 4), (3, 4), (4, 2)):
        points = 112 * fly_legs(frames, fly, fly, ("left", "right")) + [350, 200, 0]
        points += rng.normal(0, 1, points.shape)
        good = rng.random(points.shape[:2]) > 0.1
        write_prism(
            folder / f"191125_PR_Fly{fly}_{recording:03}_prism.pkl",
            *(points, points[..., 0], good, np.arange(frames)),
        )


MOUSE_JOINTS = ("right_front_paw", "right_hind_paw", "left_front_paw", "left_hind_paw", "nose")


def prism_mouse(folder: Path, frames: int, rng: np.random.Generator) -> None:
    """Write a recording of each of five mice; joints that the side view lost are zero."""
    for mouse in (1, 2, 3, 5, 6):
        points = four_legs([*MOUSE_JOINTS, "tail_base"], frames, mouse) * 1.5
        points = points * [1, -1, -1] + [400, 160, 400]
        points += rng.normal(0, 0.5, points.shape)
        body = (points[:, 4:5] + points[:, 5:6]) / 2
        body[..., 2] = 420
        points = np.concatenate([points, body], axis=1)
        lost = rng.random(points.shape[:2]) < 0.05
        points[..., 2][lost & (np.arange(7) < 4)] = 0
        write_prism(
            folder / f"G6AE{mouse}_98_30_1_control_S1T1.pkl",
            *(points, points[..., 0], np.ones(lost.shape, bool), np.arange(12, 12 + frames)),
        )


def four_legs(joints: Sequence[str], frames: int, animal: int) -> Any:
    """Simulate some joints of an animal on four legs that looks along `x`, mm."""
    found = quadruped(frames=frames, seed=animal, animal=animal)
    place = {name: number for number, name in enumerate(found.joints)}
    front, back = (found.poses_3d[:, place[name]] for name in ("withers", "tail_base"))
    return facing_x(found.poses_3d, front, back)[:, [place[name] for name in joints]]


MACAQUE_JOINTS = (
    *("nose", "nape", "withers", "right_shoulder", "right_front_paw", "left_shoulder"),
    *("left_front_paw", "spine_mid", "right_knee", "right_hind_paw", "left_knee", "left_hind_paw"),
    "tail_tip",
)


def write_open_monkey(
    folder: Path,
    batch: str,
    cameras: Mapping[int, Camera],
    frames: Any,
    points_3d: Any,
    pictures: Any,
) -> None:
    """Write the folder of a batch: two texts of cameras, and coordinates and crops for MATLAB."""
    place = folder / f"Batch{batch}"
    place.mkdir()
    inner, outer = [], [f"{what} {len(cameras)} " for what in ("NumCams", "NumFrames", "NumP")]

    def rows(matrix: Any) -> list[str]:
        return [" ".join(f"{value:.9e}" for value in row) + " " for row in np.atleast_2d(matrix)]

    for name, camera in cameras.items():
        centre = -camera.R.T @ camera.t
        inner += [f"0 {name} ", *rows(camera.K), *rows(camera.dist[:2])]
        outer += [f"0 {name} ", *rows(centre), *rows(camera.R)]
    (place / "intrinsic.txt").write_text("\n".join(inner) + "\n")
    (place / "camera.txt").write_text("\n".join(outer) + "\n")
    of_frame = np.repeat(frames, 13)[:, None]
    savemat(place / "coords_3D.mat", {"coords": np.hstack([of_frame, points_3d.reshape(-1, 3)])})
    savemat(place / "crop_para.mat", {"crop": np.asarray(pictures, dtype=float)})


def write_labels(folder: Path, names: Sequence[str], sizes: Any, pixels: Any) -> None:
    """Write ``Data.mat``: names, height and width of pictures, and (row, column) of joints."""
    cells = np.empty((len(names), 1), dtype=object)
    cells[:, 0] = names
    flat = pixels[..., ::-1].reshape(len(names), -1)
    data = np.hstack([np.zeros((len(names), 2)), sizes, flat])
    savemat(folder / "Data.mat", {"T": {"name": cells, "data": data}})


def open_monkey(folder: Path, frames: int, rng: np.random.Generator) -> None:
    """Write two batches of one animal each; of each frame, half of eight cameras have a picture."""
    angles = np.radians(np.arange(0, 360, 45))
    for batch, first in (("7", 20), ("9", 7400)):
        cameras = {
            18_000_000 + int(batch) * 100 + number: looking_at(
                (3 * np.cos(a), 3 * np.sin(a), 1.0), 790, (1280, 1024), "", (-0.2, 0.05)
            )
            for number, a in enumerate(angles)
        }
        points = four_legs(MACAQUE_JOINTS, frames, int(batch)) / 200 - [0, 0, 0.5]
        numbers = first + np.arange(frames)
        pictures = [
            (number, name, 100, 100, 400, 400)
            for number in numbers
            for name in rng.permutation(list(cameras))[:4]
        ]
        write_open_monkey(folder, batch, cameras, numbers, points, pictures)


RAT_JOINTS = (
    *("nose", "nape", "left_ear", "withers", "spine_mid", "tail_base", "tail_mid", "tail_tip"),
    *("left_hip", "right_hip", "left_elbow", "left_wrist", "left_shoulder", "right_shoulder"),
    *("right_elbow", "right_wrist", "right_knee", "left_knee", "left_ankle", "right_ankle"),
)


def write_capture(
    folder: Path,
    session: int,
    number: int,
    camera: Camera,
    points_3d: Any,
    points_2d: Any,
    samples: Any,
) -> None:
    """Write what one camera of CAPTURE saw in a session, and its calibration, as MATLAB has it."""
    data, calibration = folder / f"data_3d_e{session}", folder / f"calibration_e{session}"
    data.mkdir(exist_ok=True)
    calibration.mkdir(exist_ok=True)
    content = {
        "data_2d": points_2d.reshape(len(points_2d), -1),
        "data_3d": points_3d.reshape(len(points_3d), -1),
        "data_sampleID": np.asarray(samples, dtype=float)[:, None],
    }
    savemat(data / f"{session}_cam{number}_data.mat", content)
    fields = {
        **{"K": camera.K.T, "r": camera.R.T, "t": camera.t[None]},
        **{"RDistort": camera.dist[None, :2], "TDistort": camera.dist[None, 2:4]},
    }
    savemat(calibration / f"hires_cam{number}_params_rRDistort.mat", fields)


def capture_rat(folder: Path, frames: int, rng: np.random.Generator) -> None:
    """Write four sessions of two cameras each, some markers lost."""
    for session in range(4):
        points = four_legs(RAT_JOINTS, frames, session) * 0.7
        points[rng.random(points.shape[:2]) < 0.03] = np.nan
        for number, azimuth in ((1, 35.0), (2, 145.0)):
            a = np.radians(azimuth)
            camera = looking_at(
                (900 * np.cos(a), 900 * np.sin(a), 500), 2300, (1320, 1048), "", (-0.1, 0.02)
            )
            pixels = camera.project(points)
            write_capture(folder, session, number, camera, points, pixels, 10 * np.arange(frames))


MAKERS: dict[str, Callable[[Path, int, np.random.Generator], None]] = {
    "tethered_fly": tethered_fly,
    "prism_fly": prism_fly,
    "prism_mouse": prism_mouse,
    "open_monkey": open_monkey,
    "capture_rat": capture_rat,
}


def main() -> None:
    """Write the stand-in that the command line asks for."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("name", choices=MAKERS)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--frames", type=int, default=600, help="of each recording")
    parser.add_argument(
        "--recorded", type=Path, nargs="+", help=".npz files of real tethered flies"
    )
    asked = parser.parse_args()
    asked.folder.mkdir(parents=True, exist_ok=True)
    if asked.recorded:
        for recording in asked.recorded:
            recorded_fly(asked.folder / f"{recording.stem}.pkl", recording)
        return
    MAKERS[asked.name](asked.folder, asked.frames, np.random.default_rng(0))


if __name__ == "__main__":
    main()
