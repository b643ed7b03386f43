# ruff: noqa: B018, D100, E402
# %% [markdown]
# # From DeepLabCut to 3D
#
# You have tables of DeepLabCut, a calibrated camera, and for one recording the 3D of the same
# frames, say from a rig of several cameras. You want 3D for all the recordings that only one
# camera made. SLEAP, Lightning Pose, Anipose and others work the same way: what a file is, is
# found out from its content.
#
# The animals here are simulated mice that reach for food. The first cell writes their files, as
# the tracker and the rig would have; everything after it works on files alone.

# %%
import liftpose
from liftpose.datasets import mouse

simulated = {1: mouse(frames=1200, seed=1, animal=1), 2: mouse(frames=500, seed=2, animal=2)}
for number, animal in simulated.items():
    tracked = liftpose.Poses.from_experiments(
        animal.pose_2d, joints=animal.joints, confidence=animal.confidence[0], fps=animal.fps
    )
    liftpose.write_poses(tracked, f"mouse_{number}DLC.csv", format="deeplabcut")
rig_3d = liftpose.Poses.from_experiments(
    simulated[1].poses_3d, joints=simulated[1].joints, unit="mm", frame="world"
)
liftpose.write_poses(rig_3d, "mouse_1_3d.nc")
written = liftpose.write_calibration({"side": simulated[1].cameras[0]}, "rig.toml")

# %% [markdown]
# ## What is in the files?
#
# The table of DeepLabCut has a line a frame and three columns a joint: `x`, `y`, and how likely
# the network thinks it is that the joint is there.

# %%
import pandas as pd

pd.read_csv("mouse_1DLC.csv", header=[1, 2], index_col=0).iloc[:3, :6].round(2)

# %%
poses_2d = liftpose.read_poses("mouse_1DLC.csv")
poses_3d = liftpose.read_poses("mouse_1_3d.nc")
print(poses_2d)
print(poses_3d)

# %% [markdown]
# ## Do 2D and 3D belong together?
#
# This is the mistake that costs most: files of different recordings, of another camera, or shifted
# by some frames. If the camera is calibrated, there is a simple test. Show the 3D to the camera,
# and look how far that is from what the tracker says.

# %%
import numpy as np

camera = liftpose.read_calibration("rig.toml")["side"]


def pixels_apart(seen, positions):
    """Give the distance of every joint from where its 3D is shown."""
    return np.linalg.norm(seen - camera.project(positions), axis=2)


apart = pixels_apart(poses_2d.points, poses_3d.points)
shifted = pixels_apart(poses_2d.points[10:], poses_3d.points[:-10])
print(f"as they are:          {np.nanmedian(apart):.1f} px in the median")
print(f"shifted by 10 frames: {np.nanmedian(shifted):.1f} px")

# %% [markdown]
# A pixel or two is the noise of a tracker. Tens of pixels mean that something is wrong, and no
# lifter can be better than its training data.
#
# ## How much is the likelihood worth?
#
# A tracker always gives a place, also for a joint that it cannot see. The likelihood is supposed
# to tell. Here it does: below about 0.7 a place is a guess, three times as far off as others.

# %%
import matplotlib.pyplot as plt

likelihood = poses_2d.confidence
edges = np.linspace(0, 1, 11)
middle = (edges[:-1] + edges[1:]) / 2
places = np.digitize(likelihood, edges[1:-1])
off = [np.nanmedian(apart[places == place]) for place in range(10)]
share = [100 * (places == place).mean() for place in range(10)]

figure, (left, right) = plt.subplots(1, 2, figsize=(9, 3), layout="constrained")
left.bar(middle, share, width=0.09, color="#0072b2")
left.set(xlabel="likelihood", ylabel="share of joints (%)")
right.plot(middle, off, "o-", color="#0072b2")
right.set(xlabel="likelihood", ylabel="median distance from the 3D (px)", ylim=(0, None))
for ax in (left, right):
    ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# LiftPose takes joints below `min_confidence` (0.1) for not seen, and weighs the others by how
# much their likelihood says. You need not fill gaps: a joint that was not seen is inferred from
# the others.
#
# ## Say what the animal is
#
# A table of a tracker does not say which joints are joined. The bones are needed for three things:
# for drawing, for keeping lengths, and for naming what is predicted from what. `roots` is the joint
# that positions are relative to: well seen, and in the middle of what you care about.

# %%
skeleton = liftpose.Skeleton(
    poses_2d.joints,
    bones=[
        ("nose", "left_ear"),
        ("nose", "right_ear"),
        ("nose", "neck"),
        ("neck", "back"),
        ("back", "tail_base"),
        *[
            (f"{side}_{one}", f"{side}_{other}")
            for side in ("left", "right")
            for one, other in [
                ("shoulder", "elbow"),
                ("elbow", "wrist"),
                ("wrist", "inner_finger"),
                ("wrist", "middle_finger"),
                ("wrist", "outer_finger"),
            ]
        ],
        ("neck", "left_shoulder"),
        ("neck", "right_shoulder"),
    ],
    roots=["neck"],
    limbs={
        "head": ["nose", "left_ear", "right_ear"],
        "trunk": ["neck", "back", "tail_base"],
        **{
            f"{side} arm": [
                name for name in poses_2d.joints if name.startswith(side) and "ear" not in name
            ]
            for side in ("left", "right")
        },
    },
    colors=[(213, 94, 0), (110, 110, 110), (0, 114, 178), (0, 158, 115)],
    unit="mm",
)
skeleton.write("mouse.toml")  # to be read again, and edited
skeleton

# %% [markdown]
# For common animals there is one already: `Skeleton.shipped()` names them. Left and right are found
# by the names of the joints.
#
# Joints are matched **by name**, never by their order. A name that is not there is an error, with
# the closest one, rather than a pose whose knee is an ear:

# %%
misspelt = liftpose.Poses.from_experiments(
    poses_2d.points, joints=[name.replace("neck", "nek") for name in poses_2d.joints]
)
try:
    misspelt.matched(skeleton.joints)
except ValueError as error:
    print(error)

# %% [markdown]
# ## Learn, and lift
#
# One recording teaches. LiftPose holds out blocks of its time, with gaps between them, to choose
# and to measure. It cannot know how other mice differ from this one, and its error bars do not
# know either. If you have several recordings with 3D, give them all.

# %%
lifter = liftpose.Lifter(skeleton, network="kernel")
lifter.fit(poses_2d, poses_3d, camera=camera)
lifter.save("mouse.lifter")
print(lifter)

# %%
new_2d = liftpose.read_poses("mouse_2DLC.csv", fps=100)  # the table does not say it
lifted = liftpose.load("mouse.lifter").lift(new_2d)
print(lifted.verdict())
lifted

# %% [markdown]
# The verdict says whether the recording is like what was learned, and what is wrong if it is not:
# a flipped axis, left and right exchanged, another camera. This lifter knows one mouse. Another one
# is built and moves a little otherwise, and most of its frames are unusual: no mistake, but a
# reason to label some of them and to learn from more animals.
#
# ## After lifting
#
# A lifter looks at one frame at a time. That movements are smooth and bones keep their lengths is
# put in afterwards. Neither has to be used. Smooth first: it moves every joint by itself.

# %%
from liftpose.postprocess import fit_bones, joint_angles, smooth

rigid = fit_bones(smooth(lifted), skeleton)
angles = joint_angles(rigid, skeleton)
raw = joint_angles(lifted, skeleton)
name = "right_shoulder-right_elbow-right_wrist"
which = angles.names.index(name)

truth = simulated[2].poses_3d
upper, lower = (
    truth[:, skeleton.index(f"right_{end}")] - truth[:, skeleton.index("right_elbow")]
    for end in ("shoulder", "wrist")
)
cosine = (upper * lower).sum(1) / np.linalg.norm(upper, axis=1) / np.linalg.norm(lower, axis=1)

seconds = np.arange(angles.frames) / angles.fps
figure, ax = plt.subplots(figsize=(9, 3), layout="constrained")
ax.plot(seconds, np.degrees(np.arccos(cosine)), color="0.7", lw=4, label="truth")
ax.plot(seconds, raw.values[:, which], color="#d55e00", lw=0.8, label="lifted")
ax.plot(seconds, angles.values[:, which], color="#0072b2", lw=1.5, label="smooth, rigid bones")
ax.set(xlabel="time (s)", ylabel="angle (degrees)", title="right elbow of mouse 2")
ax.set(xlim=(0, 2), ylim=(20, 140))
ax.legend(frameon=False, ncols=3, loc="upper left")
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# The truth is known here, so the gain is a number:

# %%
relative = truth - truth[:, [skeleton.roots[0]]]
for what, poses in [("lifted", lifted), ("smoothed", smooth(lifted)), ("and rigid", rigid)]:
    error = np.linalg.norm(poses.position - relative, axis=2).mean()
    steps = np.linalg.norm(np.diff(poses.position - relative, axis=0), axis=2).mean()
    print(f"{what:10s} {error:.2f} mm off, {steps:.2f} mm/frame off in velocity")

# %% [markdown]
# What flickers is gone, so velocities are much better. Positions are hardly better: what is left
# is depth that is wrong in the same way for many frames, as at the beginning of the trace above.
# No smoothing takes that out. More recordings to learn from do, of other mice above all.

# %% [markdown]
# ## Write
#
# `.nc` keeps everything and opens in xarray and `movement`. A `.csv` opens everywhere.

# %%
liftpose.write_poses(rigid, "mouse_2_3d.nc")
liftpose.write_poses(rigid, "mouse_2_3d.csv")
angles.to_csv("mouse_2_angles.csv")
pd.read_csv("mouse_2_3d.csv").iloc[:3, :8].round(2)

# %% [markdown]
# All of this on the command line, without a line of Python:
#
# ```text
# liftpose info mouse_1DLC.csv
# liftpose train --init mouse_1DLC.csv mouse_1_3d.nc
# liftpose train params.toml -o mouse
# liftpose lift mouse/model.lifter mouse_2DLC.csv -o lifted.nc
# liftpose smooth lifted.nc -o smooth.nc
# liftpose fit-bones smooth.nc -o mouse_2_3d.nc --skeleton mouse.toml
# liftpose angles mouse_2_3d.nc -o mouse_2_angles.csv --skeleton mouse.toml
# ```
#
# Next: no 3D yet, but several cameras? Tutorial 3, *Several cameras to a library*.
