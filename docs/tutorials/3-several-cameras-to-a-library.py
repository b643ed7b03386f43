# ruff: noqa: B018, D100, E402
# %% [markdown]
# # Several cameras to a library
#
# Depth has to be measured once. With two or more calibrated cameras you can: where the rays of a
# joint meet, there it is. What comes of it is a *library*, one file with the 3D, the cameras, and
# what each of them saw. From it a lifter is trained for whichever camera you want to keep, and
# from then on that camera is enough.
#
# So film one session with the whole rig, and the rest with one camera.
#
# ## The session
#
# A simulated rat, filmed by four cameras. A tracker has been run on each video. As it goes, one of
# the cameras was started three frames early.

# %%
import liftpose
from liftpose.datasets import quadruped


def filmed(animal, day, cameras, late="left"):
    """Write what the trackers give of a session, a file a camera."""
    for number, camera in enumerate(animal.cameras):
        start = 7 if camera.name == late else 10
        rows = slice(start, start + len(animal.poses_3d) - 20)
        seen = liftpose.Poses.from_experiments(
            animal.points_2d[number, rows],
            confidence=animal.confidence[number, rows],
            joints=animal.joints,
            fps=animal.fps,
        )
        if camera.name in cameras:
            liftpose.write_poses(seen, f"{day}_{camera.name}.csv", format="deeplabcut")


monday = quadruped(frames=520, seed=1)
rig = {camera.name: camera for camera in monday.cameras}
liftpose.write_calibration(rig, "calib.toml")
monday.skeleton.write("rat.toml")
filmed(monday, "monday", rig)
print(*rig)

# %% [markdown]
# The calibration knows where each camera stands and where it looks:

# %%
import matplotlib.pyplot as plt
import numpy as np

cameras = liftpose.read_calibration("calib.toml")
figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
for ax, across, up in [(axes[0], 0, 1), (axes[1], 0, 2)]:
    walked = monday.poses_3d.reshape(-1, 3)
    ax.plot(walked[::50, across], walked[::50, up], ".", color="0.75", ms=2)
    for name, camera in cameras.items():
        stands, ahead = camera.position, 0.35 * np.linalg.norm(camera.position) * camera.R[2]
        ax.annotate(
            "",
            (stands + ahead)[[across, up]],
            stands[[across, up]],
            arrowprops={"arrowstyle": "->", "color": "#0072b2"},
        )
        ax.annotate(name, stands[[across, up]], (0, 6), textcoords="offset points", ha="center")
        ax.plot(*stands[[across, up]], "s", color="#0072b2")
    ax.set(aspect="equal", xlabel="x (mm)", ylabel=f"{'xyz'[up]} (mm)")
    ax.margins(0.15)
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_title("from above")
title = axes[1].set_title("from the side")

# %% [markdown]
# ## Build the library
#
# Files are matched to cameras by the camera's name in the file's name. Then offsets between the
# cameras are found and mended, pixels that the others contradict are left out, joints are
# triangulated, and every camera is tried as if it were the only one.

# %%
from liftpose.library import build_library_file


def build(day):
    """Build the library of a session."""
    return build_library_file(
        "calib.toml",
        [f"{day}_{name}.csv" for name in rig],
        f"{day}.library",
        skeleton=liftpose.Skeleton.read("rat.toml"),
        unit="mm",
        max_offset=10,
        lift_with="ridge",
        figure=False,
    )


print(build("monday"))

# %% [markdown]
# Read the table from left to right. `offset` has found the three frames, and says what it may be
# as well, in brackets. `not seen` and `unsure` are the tracker's. `left out` is the share of the
# pixels that do not agree with the other cameras: large for a camera whose tracker is bad. `px
# off` is how far the pixels that were used are from where the 3D is shown: a pixel or two where
# the calibration is good, more where a camera was moved.
#
# If two files were exchanged, a camera lost frames, or the cameras disagree by more than a few per
# cent of the animal, nothing is built, and the message says which camera it is.
#
# Is the 3D right? Here the truth is known:

# %%
library_3d = liftpose.read_poses("monday.library")
off = np.linalg.norm(library_3d.points - monday.poses_3d[10:510], axis=2)
print(f"{np.nanmedian(off):.2f} mm off in the median, of {np.isfinite(off).sum():,} joints")

# %% [markdown]
# ## Which camera to keep?
#
# `alone` is the error of a quick lifter that has this camera only, on parts of the session that it
# did not learn from. The mean pose stands beside it: what one would say without any camera.

# %%
from liftpose.io.filmed import read_library

library = read_library("monday.library")
alone = library.singles
best = library.best_camera()

figure, ax = plt.subplots(figsize=(6, 2.4), layout="constrained")
names = sorted(alone, key=alone.get, reverse=True)
bars = ax.barh(
    names,
    [alone[name] for name in names],
    color=["#0072b2" if name == best else "0.75" for name in names],
)
ax.bar_label(bars, fmt="%.2f mm", padding=4)
ax.set(xlabel="mean error with this camera alone (mm)", title=f"keep: {best}")
ax.margins(x=0.15)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# It is a comparison by a small lifter on few frames. Differences of a few per cent mean little:
# then keep the camera that is easier to place. A camera from which limbs hide each other is worse
# than the numbers of its tracker tell.
#
# ## A lifter for that camera
#
# 2D, 3D and calibration are all in the library; nothing else is needed.

# %%
from liftpose.library import train_from_filmed

found = train_from_filmed(library, best, network="kernel")
print(found)

# %% [markdown]
# ## Another day, with one camera
#
# The same rat on Wednesday. Only the camera that was kept films it.

# %%
wednesday = quadruped(frames=420, seed=2)
filmed(wednesday, "wednesday", [best])
poses_2d = liftpose.read_poses(f"wednesday_{best}.csv", fps=wednesday.fps)

rows = slice(7, 407) if best == "left" else slice(10, 410)
truth = wednesday.poses_3d[rows]
root = wednesday.roots[0]
relative = truth - truth[:, [root]]


def mean_error(lifter):
    """Give the mean error of Wednesday, in mm."""
    lifted = lifter.lift(poses_2d)
    return np.linalg.norm(lifted.position - relative, axis=2).mean()


first = mean_error(found.lifter)
print(f"Wednesday, learned from Monday: {first:.1f} mm off")

# %% [markdown]
# On Wednesday the rat does some things that it did not do on Monday, and no number that is measured
# on Monday alone can tell what that costs. **One session is one sample**, however many frames it
# has. So film with the whole rig on another day as well, and other animals. Libraries are merged;
# each session keeps its own cameras, should they have moved.

# %%
from liftpose.library import merge_library_files

tuesday = quadruped(frames=520, seed=3)
filmed(tuesday, "tuesday", rig)
build("tuesday")
path, both = merge_library_files(["monday.library", "tuesday.library"], "rat.library")

found = train_from_filmed(both, best, network="kernel")
found.lifter.save("rat.lifter")
second = mean_error(found.lifter)
print(f"Wednesday, learned from Monday and Tuesday: {second:.1f} mm off")
print(f"{100 * (1 - second / first):.0f} % less")

# %% [markdown]
# ## Look at it

# %%
lifted = liftpose.load("rat.lifter").lift(poses_2d)
lifted

# %% [markdown]
# ## Where is the rat?
#
# Lifted poses are relative to the root. The camera is calibrated, so the 2D tells the direction in
# which the rat is. How far away it is, one camera cannot tell from how large it looks, since a
# larger rat further away makes the same image. The floor tells it: feet stand on it. It is found in
# the 3D of the library.

# %%
from liftpose.postprocess import find_floor, place

feet = [name for name in library_3d.joints if name.endswith("paw")]
floor = find_floor(library_3d, feet=feet, up="z")
camera = cameras[best]
guessed = place(lifted, poses_2d, camera)
standing = place(lifted, poses_2d, camera, floor=floor)
for what, placed in [("by its size", guessed), ("on the floor", standing)]:
    away = np.linalg.norm(placed.root - truth[:, root], axis=1)
    print(f"{what:12s} {np.nanmedian(away):.0f} mm from where it is, in the median")

# %%
figure, ax = plt.subplots(figsize=(6, 4), layout="constrained")
ax.plot(*truth[:, root, :2].T, color="0.8", lw=5, label="truth")
ax.plot(*guessed.root[:, :2].T, color="#d55e00", lw=0.8, label="placed by its size")
ax.plot(*standing.root[:, :2].T, color="#0072b2", lw=1.2, label="placed on the floor")
ax.set(aspect="equal", xlabel="x (mm)", ylabel="y (mm)", title="the path of the rat, from above")
ax.legend(frameon=False)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# On the command line:
#
# ```text
# liftpose library build --poses monday_*.csv --calibration calib.toml \
#     --skeleton rat.toml --unit mm -o monday.library
# liftpose library merge monday.library tuesday.library -o rat.library
# liftpose train --library rat.library --camera left -o rat.lifter
# liftpose lift rat.lifter wednesday_left.csv -o wednesday.nc --place --floor monday.library
# ```
#
# Next: a camera of which you know nothing. Tutorial 4, *An unknown viewpoint*.
