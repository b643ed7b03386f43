"""What a params file can hold, and what it means."""

from __future__ import annotations

import ast
import inspect

from liftpose.lifter.opt import Options

POSES = {
    "train_2d": "2D poses to learn from: a file, a list of files, or a table experiment = file",
    "train_3d": "3D poses of the same frames, in the same order",
    "test_2d": "2D poses to test on; nothing is chosen on them",
    "test_3d": "3D poses of the frames to test on",
}
MASKS = {
    "train_keypts": "True where a value of train_3d counts: .npy or .npz, of the same shapes",
    "test_keypts": "the same of test_3d",
}
HINTS = {
    "format": "format of the files, where it is not found out: one for all, or by 2d and 3d",
    "camera": "whose 2D is meant, in files of several cameras",
    "size": "width and height of the image, where the 2D is in shares of it",
    "joints": "names of the joints, in the order of the files, where these have none",
    "individuals": "the individuals to take, of files that name several",
    "min_confidence": "joints of the 2D of less confidence count as not seen, before all else",
}
"""What ``[data]`` says of files that do not say it; see `liftpose.read_poses`."""

SETTINGS = {
    "rename": "joint names of the files that the skeleton calls otherwise: old = new",
    "by_order": "take the joints as they come in the files, whatever they are called",
    "fps": "frames per second, where the files do not say",
    "unit": "unit of the 3D, where the files do not say",
    "frame": "what the 3D is relative to, world or camera, where the files do not say",
    "norm_2d": "scale the 2D of each frame to unit norm, here and in every later lift",
    "stats": "an .npz with mean_2d, std_2d, mean_3d and std_3d to normalize by",
}
DATA = {**POSES, **MASKS, **HINTS, **SETTINGS}
"""What ``[data]`` holds, and what it means."""

AUGMENTATIONS = (
    *("add_noise", "elsewhere", "perturb_pose"),
    *("physical", "project_to_cam", "random_project"),
)
CAMERA = ("K", "R", "t", "dist", "size", "name")
CALIBRATED = ("calibration", "camera", "crop", "scale")
"""What ``[camera]`` holds instead where a calibration file has the camera."""
SKELETON = (
    *("joints", "bones", "roots", "target_sets", "limbs"),
    *("colors", "pairs", "rigid", "unit"),
)
STATS = ("mean_2d", "std_2d", "mean_3d", "std_3d")
TABLES = {
    "data": tuple(DATA),
    "skeleton": SKELETON,
    "training": tuple(Options.__dataclass_fields__),
    "augmentation": (),
    "camera": (*CAMERA, *CALIBRATED),
}


def option_meanings() -> dict[str, str]:
    """What every option means: the words under it in the source of `liftpose.Options`.

    Returns
    -------
    dict of str to str
        By the name of the option.

    Examples
    --------
    >>> option_meanings()["lr_gamma"]
    'Factor of that fall.'
    """
    found = ast.parse(inspect.getsource(Options)).body[0]
    assert isinstance(found, ast.ClassDef)
    words, name = {}, ""
    for node in found.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            words[name], name = " ".join(str(node.value.value).split()), ""
    return words
