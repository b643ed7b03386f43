"""The README that `liftpose` 0.22 was published with, as a script.

Every example, in its order, every call with its arguments. Mended are its own slips:

- ``import numpy.random.rand`` and ``rand((n, j, 2))`` are ``from numpy.random import rand`` and
  ``rand(n, j, 2)``;
- the stray comma that makes ``training_kwargs`` a tuple is gone;
- ``liftpose3d_test`` is ``lp3d_test``, as it was imported;
- ``par``, ``par_data``, ``gt``, ``pred``, ``plt`` and ``np`` are defined;
- seven names for five joints are five names, and the joints that trail exist;
- ``np.NaN``, which is gone from NumPy, is ``np.nan``.

``ouput_folder`` is misspelt in the original, and understood.
"""

from pathlib import Path

import numpy as np
import pytest
import yaml

PARAMS = """
data:
    roots       : [0]
    target_sets : [[1, 2, 3, 4]]

vis:
    colors      : [[186, 30, 49]]
    bones       : [[0, 1], [1, 2], [2, 3], [3, 4]]
    limb_id     : [0, 0, 0, 0, 0]
"""


def test_the_readme_runs_as_it_stands(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    import matplotlib as mpl

    mpl.use("Agg")
    import matplotlib.pyplot as plt

    par, par_data = {"out_dir": "out"}, yaml.safe_load(PARAMS)
    np.random.seed(0)

    # Training
    from numpy.random import rand

    from liftpose.main import train as lp3d_train

    n_points, n_joints = 100, 5
    train_2d, test_2d = rand(n_points, n_joints, 2), rand(n_points, n_joints, 2)
    train_3d, test_3d = rand(n_points, n_joints, 3), rand(n_points, n_joints, 3)

    train_2d = {"experiment_1": train_2d}
    train_3d = {"experiment_1": train_3d}
    test_2d = {"experiment_2": test_2d}
    test_3d = {"experiment_2": test_3d}

    roots = [0]
    target_sets = [1, 2, 3, 4]

    assert lp3d_train(train_2d, test_2d, train_3d, test_3d, roots, target_sets) is None
    assert Path("out/ckpt_best.pth.tar").is_file()

    training_kwargs = {"epochs": 15, "resume": True, "load": "ckpt_last.pth.tar"}
    with pytest.warns(UserWarning, match="has 30 epochs, and epochs=15"):
        lp3d_train(
            train_2d,
            test_2d,
            train_3d,
            test_3d,
            roots,
            target_sets,
            training_kwargs=training_kwargs,
        )

    lp3d_train(train_2d, test_2d, train_3d, test_3d, roots, target_sets, ouput_folder="elsewhere")
    assert Path("elsewhere/ckpt_best.pth.tar").is_file()

    # Training augmentation
    from liftpose.lifter.augmentation import random_project

    angle_aug = {
        "eangles": {0: [[-10, 10], [-10, 10], [-10, 10]]},
        "axsorder": "zyx",
        "vis": None,
        "tvec": None,
        "intr": None,
    }
    aug = [random_project(**angle_aug)]
    lp3d_train(train_2d, test_2d, train_3d, test_3d, roots, target_sets, aug=aug)

    # Inspecting the training
    from liftpose.plot import plot_log_train, read_log_train

    epoch, lr, loss_train, loss_test, _err_test = read_log_train(par["out_dir"])
    plot_log_train(plt.gca(), loss_train, loss_test, epoch)
    assert epoch == list(range(1, 31))
    assert len(lr) == 30

    # Testing the network
    from liftpose.main import test as lp3d_test

    lp3d_test(par["out_dir"])
    lp3d_test(par["out_dir"], test_2d, test_3d)
    assert Path("out/test_results.pth.tar").is_file()

    from liftpose.postprocess import load_test_results

    test_3d_gt, test_3d_pred, _ = load_test_results(par["out_dir"])
    np.testing.assert_array_equal(test_3d_gt, test_3d["experiment_2"])
    assert np.isfinite(test_3d_pred).all()

    from liftpose.plot import violin_plot

    names = ["Head", "Nose", "Shoulder", "Hip", "Knee"]
    plt.figure()
    violin_plot(
        plt.gca(),
        test_3d_gt=test_3d_gt,
        test_3d_pred=test_3d_pred,
        test_keypoints=np.ones_like(test_3d_gt),
        joints_name=names,
        units="m",
        body_length=2.21,
    )

    # Visualizing the 3D pose
    from liftpose.plot import plot_pose_3d

    fig = plt.figure(figsize=plt.figaspect(1), dpi=100)
    ax = fig.add_subplot(111, projection="3d")
    ax.view_init(elev=-75, azim=-90)

    t = 0
    plot_pose_3d(
        ax=ax,
        tar=test_3d_gt[t],
        pred=test_3d_pred[t],
        bones=par_data["vis"]["bones"],
        limb_id=par_data["vis"]["limb_id"],
        colors=par_data["vis"]["colors"],
        legend=True,
    )

    from liftpose.plot import plot_video_3d

    gt, pred = test_3d_gt, test_3d_pred
    fig = plt.figure(figsize=plt.figaspect(1), dpi=100)
    ax = fig.add_subplot(111, projection="3d")

    ax.set_xlim([-4, 2])
    ax.set_ylim([-3, 2])
    ax.set_zlim([0, 2])

    plot_video_3d(
        fig,
        ax,
        n=gt.shape[0],
        par=par_data,
        tar=gt,
        pred=pred,
        trailing=10,
        trailing_keypts=[2, 4],
        fps=20,
    )
    assert Path("LP3D_prediction.mp4").stat().st_size > 1000

    # Training with subset of points
    train_keypts = {"experiment_1": np.ones((n_points, n_joints, 3), dtype=bool)}
    train_keypts["experiment_1"][:10, 2] = False
    lp3d_train(train_2d, test_2d, train_3d, test_3d, roots, target_sets, train_keypts=train_keypts)
    train_3d["experiment_1"][10:20, 3] = np.nan
    lp3d_train(train_2d, test_2d, train_3d, test_3d, roots, target_sets)
    plt.close("all")
