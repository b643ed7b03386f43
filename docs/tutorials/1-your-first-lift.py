# ruff: noqa: B018, D100, E402
# %% [markdown]
# # Your first lift
#
# A camera sees an animal in two dimensions. A tracker such as DeepLabCut or SLEAP gives the pixels
# of its joints, and their depth is lost. LiftPose gets it back: it learns from frames in which
# both the pixels and the 3D pose are known how the two belong together, and gives 3D poses for
# pixels alone from then on. That is called *lifting*.
#
# It works because an animal's body is not free to do anything. Bones have lengths and joints have
# limits, so that most 3D poses that would make a given image do not occur. What occurs has to be
# shown once, by animals that were filmed with several cameras.
#
# Here you do all of it in a few minutes, with simulated rats. Nothing is downloaded.

# %% [markdown]
# ## The animals
#
# Three rats teach, a fourth one is lifted. Each has its own size, proportions and gait, so the
# fourth is a new animal for the lifter, as yours will be. In a simulation the truth is known, so
# that everything below can be checked.

# %%
from liftpose.datasets import quadruped

known = {f"rat {n}": quadruped(frames=500, seed=n, animal=n) for n in (1, 2, 3)}
new = quadruped(frames=300, seed=9, animal=9)
new.skeleton

# %% [markdown]
# That is the *skeleton*: the names of the joints, the bones between them, the limbs, which joints
# are left and right of each other (the left ones are drawn hollow), and the unit of the 3D. The
# *root* is the joint that all positions are relative to. Choose one that your tracker sees well,
# since an error of the root is an error of everything.
#
# Each recording has `pose_2d`, the pixels that the tracker gives for one camera, and `poses_3d`,
# where the joints truly were.

# %%
rat = known["rat 1"]
print("2D:", rat.pose_2d.shape, "frames, joints, x and y in pixels")
print("3D:", rat.poses_3d.shape, "frames, joints, x, y and z in", rat.unit)

# %% [markdown]
# Row `i` is frame `i` in both, always. Trackers lose joints, behind the body above all. A joint
# that was not seen is NaN, never zero: zero is a place in the image.

# %%
import numpy as np

lost = np.isnan(new.pose_2d).any(axis=2).mean(axis=0)
worst = np.argsort(lost)[::-1][:5]
for joint in worst:
    print(f"{new.joints[joint]:18s} lost in {100 * lost[joint]:.0f} % of the frames")

# %% [markdown]
# This is all that the lifter will be given of one frame of the new rat:

# %%
import matplotlib.pyplot as plt

from liftpose.plot import plot_pose_2d

look = {"bones": new.bones, "limb_id": new.limb_id, "colors": new.colors}
figure, ax = plt.subplots(figsize=(6, 3.5))
ax.set_title("rat 9, frame 100, as the tracker gives it")
drawn = plot_pose_2d(ax, new.pose_2d[100], normalize=False, **look)

# %% [markdown]
# ## Learning
#
# `fit` takes the 2D and the 3D of the same frames, one entry a recording. Give recordings by
# themselves rather than one long array: LiftPose holds out whole recordings to choose its settings
# and to measure its error bars, and that is only honest if it knows where one ends.
#
# The camera is calibrated here, so `fit` is told of it. Without `camera=` it works too, from the
# pixels as they are. `network="kernel"` leaves neural networks out, which saves time; left out,
# they are trained as well, and used as far as they help on the recordings that were held out.

# %%
import liftpose

lifter = liftpose.Lifter(new.skeleton, network="kernel")
lifter.fit(
    {name: one.pose_2d for name, one in known.items()},
    {name: one.poses_3d for name, one in known.items()},
    camera=rat.cameras[0],
)
print(lifter)

# %% [markdown]
# The line *held-out MPJPE* is the first number to look at. MPJPE is the mean distance between a
# joint and where it truly is. It was measured on rats that were held out while it was learned. The
# linear map beside it is the simplest lifter there is; if yours is hardly better, then that is all
# that your data tell.

# %% [markdown]
# ## Lifting

# %%
lifted = lifter.lift(new.pose_2d)
print(lifted)
print(lifted.position.shape, "frames, joints, x, y and z in", lifted.unit)

# %% [markdown]
# Every frame has come back, also those with lost joints: a joint that was not seen is inferred
# from the others. Positions are relative to the root, which is at (0, 0, 0).
#
# The camera and the 3D say where up is, so the poses stand upright, in the directions of the
# world. In a notebook, poses that stand at the end of a cell show themselves. Play them, turn
# them, and look for what no rat does. (Where a page shows notebooks without their scripts, the
# player stays empty; the figures below do not.)

# %%
lifted

# %% [markdown]
# ## Is it right?
#
# Here the truth is known, so ask. In your own work, keep a recording for this that the lifter
# never saw.

# %%
from liftpose.evaluate import evaluate

found = evaluate(
    lifter,
    liftpose.Poses.from_experiments(new.pose_2d, joints=new.joints),
    liftpose.Poses.from_experiments(new.poses_3d, joints=new.joints, unit="mm", frame="world"),
)
print(found)

# %% [markdown]
# Two simple guesses stand beside LiftPose. *mean pose* is the average of all training poses, the
# same in every frame, and needs no camera at all. *ridge* is the linear map. The differences
# between the three are what looking at the pixels, and looking at them well, is worth.
#
# Some joints are harder than others. Those that move most, and those that are behind the body most
# of the time, err most. The violins show how the errors of each joint are distributed.

# %%
from liftpose.plot import violin_plot

truth = new.poses_3d - new.poses_3d[:, [new.roots[0]]]
targets = list(new.target_sets[0])
figure, ax = plt.subplots(figsize=(9, 3.8))
ax.set_title("error of each joint, of a rat that was not learned from")
drawn = violin_plot(
    ax,
    truth[:, targets],
    lifted.position[:, targets],
    name=[new.joints[joint] for joint in targets],
    units="mm",
)

# %% [markdown]
# One frame from three sides, in one scale. Grey is the truth, the ellipses are one standard
# deviation of what the lifter is not sure of. Across the line of sight it is right; along it, in
# depth, it had to infer, and that is where the ellipses are long and the errors are.

# %%
from liftpose.plot import plot_views

figure, ax = plt.subplots(figsize=(10, 3))
drawn = plot_views(
    ax,
    lifted.position[100],
    new.skeleton,
    truth=truth[100],
    spread=lifted.spread[100],
    legend=False,
)

# %% [markdown]
# ## How sure is it?
#
# Every joint of every frame has an error bar. `radius(0.9)` is the distance within which the
# joint truly is, nine times out of ten. It was measured on held-out recordings. Count whether that
# holds for the new rat:

# %%
off = np.linalg.norm(lifted.position - truth, axis=2)[:, targets]
within = off <= lifted.radius(0.9)[:, targets]
print(f"{100 * within.mean():.0f} % of the joints are within their 90 % radius")
print(f"median radius: {np.median(lifted.radius(0.9)[:, targets]):.1f} mm")

# %% [markdown]
# One animal may have ten per cent more or less than promised: three rats that teach tell little
# of how rats differ. When to believe error bars, and how to make them right for your animals, is
# the subject of tutorial 5.

# %% [markdown]
# ## Keeping it
#
# A lifter is one file, and so are lifted poses. The latter open in xarray and in `movement`, and
# know their unit, their skeleton and the lifter that they come from.

# %%
lifter.save("rat.lifter")
liftpose.write_poses(lifted, "rat_9_3d.nc")

again = liftpose.load("rat.lifter").lift(new.pose_2d)
print("the same poses:", np.array_equal(again.position, lifted.position, equal_nan=True))

# %%
import xarray as xr

with xr.open_dataset("rat_9_3d.nc", engine="h5netcdf") as dataset:
    print(dict(dataset.sizes))
    print(dataset.attrs["unit"], dataset.attrs["frame"])

# %% [markdown]
# ## Next
#
# - You have files of a tracker: tutorial 2, *From DeepLabCut to 3D*.
# - You have several cameras and no 3D yet: tutorial 3, *Several cameras to a library*.
# - You do not know where your camera stood: tutorial 4, *An unknown viewpoint*.
# - You want to know what to believe: tutorial 5, *Can I trust it?*
