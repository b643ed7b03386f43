# ruff: noqa: B018, D100, E402
# %% [markdown]
# # An unknown viewpoint
#
# You have 3D of the species, from your own rig or from others, and 2D of a camera of which nothing
# is known: an old video, a phone, a rig that was taken down. Two things have changed for a lifter
# that learned from another camera: the direction, and what is left to know at the end.
#
# | what is known of the camera | what comes out |
# |---|---|
# | nothing but a range of directions | the shape, in body lengths, as the camera sees it |
# | its calibration | the pose in the directions of the world, in mm |
# | its calibration, and the floor | the pose at its place in the world, in mm |
#
# The animals are simulated mice that sit and reach for food: four that teach, and a fifth.

# %%
import numpy as np

import liftpose
from liftpose.datasets import mouse

known = {f"mouse {n}": mouse(frames=300, seed=n, animal=n) for n in (1, 2, 3, 4)}
new = mouse(frames=200, seed=9, animal=9)
first = new.cameras[0]
truth = new.poses_3d - new.poses_3d[:, [new.roots[0]]]
print(first.name, first.size, "px")

# %% [markdown]
# ## A camera anywhere
#
# To try cameras that do not exist, they are made: one that stands in some direction from the mouse
# and looks at it. The azimuth counts from the camera that everything is learned from.

# %%
middle = new.poses_3d.reshape(-1, 3).mean(0)
away = first.position - middle
azimuth_0 = np.degrees(np.arctan2(away[1], away[0]))
elevation_0 = np.degrees(np.arctan2(away[2], np.hypot(*away[:2])))


def camera_at(azimuth, elevation):
    """Make a camera like the first that looks at the mouse from elsewhere."""
    around, up = np.radians([azimuth_0 + azimuth, elevation])
    toward = np.array([np.cos(around) * np.cos(up), np.sin(around) * np.cos(up), np.sin(up)])
    right = np.array([-np.sin(around), np.cos(around), 0.0])
    R = np.stack([right, np.cross(-toward, right), -toward])
    stands = middle + np.linalg.norm(away) * toward
    return liftpose.Camera(K=first.K, R=R, t=-R @ stands, size=first.size, name="elsewhere")


def seen_by(camera, noise=1.5):
    """Give what a tracker says of the new mouse: pixels, with its usual error."""
    exact = np.asarray(camera.project(new.poses_3d))
    return exact + np.random.default_rng(0).normal(0, noise, exact.shape)


print(f"the first camera looks down by {elevation_0:.0f} degrees")

# %% [markdown]
# ## A lifter of one camera, elsewhere
#
# This lifter learned from the first camera. It is given pixels of one that stands 40 degrees
# further round, and is not told so.

# %%
import warnings

from liftpose.metrics import mpjpe, pa_mpjpe

fixed = liftpose.Lifter(new.skeleton, network="kernel").fit(
    {name: one.pose_2d for name, one in known.items()},
    {name: one.poses_3d for name, one in known.items()},
    camera=first,
)
elsewhere = camera_at(40, elevation_0)
for what, camera in [
    ("its own camera", first),
    ("40 degrees round", elsewhere),
    ("90 degrees round", camera_at(90, elevation_0)),
    ("50 degrees higher", camera_at(0, elevation_0 + 50)),
]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of what the verdict says
        lifted = fixed.lift(seen_by(camera))
    off, usual = mpjpe(truth, lifted.position), np.median(lifted.novelty)
    print(f"{what:18s}{off:5.1f} mm off, novelty {usual:3.0f}, {lifted.verdict().name}")

# %% [markdown]
# It gives poses without hesitation, as any lifter does. `novelty` is how unusual the middle frame
# is, as a percentile of the training frames: it should be about 50, and near 100 all frames are
# strange. The verdict on the whole recording is more cautious. It has four mice to learn from how
# recordings differ, and lets pass what a fifth mouse might do; that most frames are unusual it
# says, but not why. Forty degrees round it notices nothing. So look at both, and know your camera:
# a mouse that turned round is seen as one whose camera was moved.
#
# ## Learn from every direction
#
# No 2D is needed to learn for an unknown camera. The 3D of the known mice is a *library*, which is
# looked at from far away, from directions drawn at random, anew in every epoch. Each frame's 2D is
# scaled to the same size, so that neither the distance nor the lens matters.
#
# Say what you do know. A camera above the ground has an elevation between, say, 0 and 60 degrees;
# if you know on which side of the animal it stood, narrow the azimuth as well. All around, and
# upside down too, is a much harder problem.

# %%
from liftpose.library import train_from_library

poses_3d = liftpose.Poses.from_experiments(
    {name: one.poses_3d for name, one in known.items()},
    joints=new.joints,
    unit="mm",
    frame="world",
)
side = -90 - azimuth_0  # as the library counts: seen from its right at 0, from behind at 90
found = train_from_library(
    poses_3d,
    weak_perspective=True,
    skeleton=new.skeleton,
    elevation=(0, 60),
    azimuth=(side - 75, side + 75),
    network="kernel",
)
anywhere = found.lifter
print(anywhere)

# %% [markdown]
# ## What is left to know
#
# One image, of a camera of which nothing is known, tells neither how large the animal is nor which
# way it is turned in the world. Its poses are in the directions of the camera, in body lengths.
# So they are compared with the truth after the best rotation, translation and scale of each frame
# (PA-MPJPE): the error of the *shape*.

# %%
far = anywhere.lift(seen_by(elsewhere))
untold = fixed.lift(seen_by(elsewhere), judge=False)
print(far)
print("shape, 40 degrees round:")
print(f"  lifter of the first camera: {pa_mpjpe(truth, untold.position):.2f} mm")
print(f"  lifter of every direction:  {pa_mpjpe(truth, far.position):.2f} mm")

# %% [markdown]
# From all directions, of both lifters. In the middle is the camera that the first lifter learned
# from; the frame is what the other learned from. Mind that each map has its own colours.

# %%
import matplotlib.pyplot as plt

from liftpose.plot import plot_viewpoint_map

azimuths, elevations = np.arange(-90, 91, 30), np.arange(-15, 76, 30)


def shape_errors(lifter):
    """Give the error of the shape from every direction, in mm."""
    return np.array(
        [
            [
                pa_mpjpe(truth, lifter.lift(seen_by(camera_at(azimuth, up)), judge=False).position)
                for azimuth in azimuths
            ]
            for up in elevations
        ]
    )


figure, axes = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
for ax, lifter, title in [
    (axes[0], fixed, "learned from one camera"),
    (axes[1], anywhere, "learned from every direction"),
]:
    errors = shape_errors(lifter)
    plot_viewpoint_map(ax, azimuths, elevations, errors, "shape error (mm)", number_format=".1f")
    ax.set(title=title, xlabel="azimuth from the first camera (degrees)")
    ax.set_ylabel("elevation (degrees)")
axes[0].plot(0, elevation_0, "o", mfc="none", mec="#1b1e23", ms=28, mew=1.6)
frame = plt.Rectangle((-75, 0), 150, 60, fill=False, ec="#1b1e23", lw=1.6, ls="--")
patch = axes[1].add_patch(frame)

# %% [markdown]
# A lifter of one camera is best at its own place, and breaks down away from it. A lifter of every
# direction is about as good there, holds over the range that it was shown, and a little beyond.
# Not knowing the camera costs little in shape. What it costs is the size, and where things point.
#
# ## If the camera is calibrated after all
#
# Then say so. `lift(..., camera=...)` takes out the lens and the focal length, and turns poses into
# the world. This is for cameras that look at the animal from about where the training camera did,
# since the lifter has seen the animal from there only.

# %%
near = camera_at(10, elevation_0 - 5)
told = fixed.lift(seen_by(near), camera=near)
silent = fixed.lift(seen_by(near))
print(f"10 degrees round, told of it: {mpjpe(truth, told.position):.1f} mm off")
print(f"10 degrees round, not told:   {mpjpe(truth, silent.position):.1f} mm off")

# %% [markdown]
# For a calibrated camera that stands somewhere else altogether, show the library to *that* camera.
# Nobody needs to film anything for it:

# %%
calibrated = train_from_library(poses_3d, elsewhere, skeleton=new.skeleton, network="kernel")
there = calibrated.lifter.lift(seen_by(elsewhere))
print(f"40 degrees round, learned for it: {mpjpe(truth, there.position):.1f} mm off")
there

# %% [markdown]
# In millimetres, in the world, upright: as good as the lifter of the first camera is at home, and
# no 2D of that camera was ever labelled together with 3D.
#
# ## Where is it?

# %%
from liftpose.postprocess import place

placed = place(there, seen_by(elsewhere), elsewhere)
root = new.poses_3d[:, new.roots[0]]
print(placed)
off = np.median(np.linalg.norm(placed.root - root, axis=1))
print(f"the root is {off:.1f} mm from where it is")

# %% [markdown]
# ## What to remember
#
# - A lifter belongs to the directions that it learned from. The verdict tells when 2D is from
#   elsewhere; no error bar does.
# - With no calibration, learn from every direction that is possible, and from no more.
# - With a calibration, show your 3D to that very camera.
# - If you have no 3D at all, the name of a species stands for a library: `"mouse"`, `"rat"`,
#   `"dog"`, `"fly"`. It is good for looking, not for measuring.
#
# On the command line:
#
# ```text
# liftpose train --library library.nc --skeleton mouse.toml --weak-perspective \
#     --elevation 0..60 old_videoDLC.csv -o anywhere.lifter
# liftpose train --library library.nc --skeleton mouse.toml --calibration rig.toml \
#     --camera top topDLC.csv -o top.lifter
# ```
#
# Next: what of all this to believe. Tutorial 5, *Can I trust it?*
