# ruff: noqa: B018, D100, E402
# %% [markdown]
# # Can I trust it?
#
# A lifter always answers. This is about when to believe it, and how to find out. There are four
# questions, and each has its own number:
#
# | question | number |
# |---|---|
# | how far off may this joint be, in this frame? | `lifted.spread`, `interval`, `radius` |
# | is this frame like those that it learned from? | `lifted.novelty` |
# | is this recording, and was a mistake made with it? | `lifted.verdict()` |
# | what else could the pose be? | `lift(..., hypotheses=20)` |
#
# Six simulated rats teach. All others are new to the lifter.

# %%
import numpy as np

import liftpose
from liftpose.datasets import quadruped

known = {f"rat {n}": quadruped(frames=400, seed=n, animal=n) for n in range(1, 7)}
body = known["rat 1"].skeleton
camera = known["rat 1"].cameras[0]
lifter = liftpose.Lifter(body, network="kernel").fit(
    {name: one.pose_2d for name, one in known.items()},
    {name: one.poses_3d for name, one in known.items()},
    camera=camera,
)
print(lifter)

# %% [markdown]
# ## 1. Error bars
#
# `interval(0.9)` gives a lower and an upper end for each coordinate. Here is one of them over time,
# of a rat that was not learned from.

# %%
import matplotlib.pyplot as plt


def true_positions(rat):
    """Give where the joints are from the root."""
    return rat.poses_3d - rat.poses_3d[:, [rat.roots[0]]]


rat = quadruped(frames=300, seed=20, animal=20)
lifted, truth = lifter.lift(rat.pose_2d), true_positions(rat)
joint, axis = body.index("left_front_paw"), 1
lower, upper = lifted.interval(0.9)

figure, ax = plt.subplots(figsize=(9, 3), layout="constrained")
band = {"color": "#0072b2", "alpha": 0.2, "lw": 0, "label": "90 % interval"}
ax.fill_between(range(300), lower[:, joint, axis], upper[:, joint, axis], **band)
ax.plot(lifted.position[:, joint, axis], color="#0072b2", lw=1.2, label="lifted")
ax.plot(truth[:, joint, axis], color="0.2", lw=1, ls="--", label="truth")
ax.set(xlabel="frame", ylabel="y of left_front_paw (mm)", xlim=(0, 299))
ax.legend(frameon=False, ncols=3)
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Errors of neighbouring frames go together: where the truth leaves the band, it stays outside for
# a while. So an average over a thousand frames is *not* thirty times as sure as one frame. If you
# test something, count recordings, or blocks of time.
#
# ### Do they hold?
#
# For eight rats that it never saw, count how often the ball about a joint holds it.

# %%
others = {n: quadruped(frames=200, seed=n, animal=n) for n in range(20, 28)}
targets = list(body.sets.targets)


def share_held(lifter, poses_2d, truth, level=0.9):
    """Give the share of the joints that are within their radius."""
    found = lifter.lift(poses_2d, judge=False)
    off = np.linalg.norm(found.position - truth, axis=2)[:, targets]
    return (off <= found.radius(level)[:, targets]).mean()


held = [share_held(lifter, one.pose_2d, true_positions(one)) for one in others.values()]
print("each rat:", *(f"{100 * share:.0f} %" for share in held))
print(f"all rats: {100 * np.mean(held):.0f} %, of 90 % that were promised")

# %% [markdown]
# A 90 % bar means nine of ten *on average over animals like those it learned from*. In one animal
# it may be three quarters, in another nearly all. And how animals differ is known from six of them
# here, which is few: the average of other animals may miss the promise by some per cent, as it
# does here. More animals in the training make bars honest, more frames do not.

# %%
from liftpose.plot import plot_calibration

everyone = lifter.lift({n: one.pose_2d for n, one in others.items()})
all_true = np.concatenate([true_positions(one) for one in others.values()])
figure, ax = plt.subplots(figsize=(4.2, 4.2), layout="constrained")
drawn = plot_calibration(
    ax,
    all_true[:, targets],
    everyone.position[:, targets],
    everyone.spread[:, targets],
    everyone.bars,
    everyone.lengths,
)

# %% [markdown]
# ## 2. Joints that were not seen
#
# A joint that was lost is inferred from the others. Take a leg away for a hundred frames, and see
# whether the error bars know.

# %%
leg = [body.index(f"right_{part}") for part in ("shoulder", "elbow", "wrist", "front_paw")]
hidden = np.array(rat.pose_2d)
hidden[100:200, leg] = np.nan
blind = lifter.lift(hidden)

off = np.linalg.norm(blind.position - truth, axis=2)
paw = body.index("right_front_paw")
figure, ax = plt.subplots(figsize=(9, 3), layout="constrained")
ax.axvspan(100, 199, color="0.93", label="leg not seen")
ax.plot(off[:, paw], color="#d55e00", lw=1, label="error")
ax.plot(blind.radius(0.9)[:, paw], color="#0072b2", lw=1.4, label="90 % radius")
ax.set(xlabel="frame", ylabel="right_front_paw (mm)", xlim=(0, 299), ylim=(0, None))
ax.legend(frameon=False, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1))
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# The radius rises with the error. If an analysis needs that paw, leave out frames in which its
# radius is too large for the question, rather than frames that look bad.
#
# ## 3. Is this like what it learned?
#
# Training data cannot tell how wrong a lifter is about what is not in them. What can be told is
# whether new 2D is like the old. `novelty` is a percentile: 99 means less usual than 99 % of the
# held-out training frames. Here a tracker swaps left and right for forty frames, as trackers do.

# %%
swapped = np.array(rat.pose_2d)
left, right = np.array(body.pairs).T
swapped[150:190, left] = rat.pose_2d[150:190, right]
swapped[150:190, right] = rat.pose_2d[150:190, left]
strange = lifter.lift(swapped)

figure, ax = plt.subplots(figsize=(9, 2.4), layout="constrained")
ax.axvspan(150, 189, color="0.93", label="left and right swapped")
ax.plot(strange.novelty, ".", color="#0072b2", ms=4)
ax.set(xlabel="frame", ylabel="novelty (percentile)", xlim=(0, 299), ylim=(0, 104))
ax.legend(frameon=False, loc="lower center", bbox_to_anchor=(0.5, 1))
ax.spines[["top", "right"]].set_visible(False)

# %% [markdown]
# Frames of a recording like the training data take all values from 0 to 100. It is a run of
# frames near 100 that should be looked at.
#
# Of a whole recording there is a verdict. It undoes what is often done wrong, and looks whether
# the recording is more usual then:

# %%
import warnings


def verdict_of(poses_2d):
    """Judge a recording without lifting it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        (verdict,) = lifter.verdicts(poses_2d).values()
    return verdict.name


upside_down = np.array(rat.pose_2d)
upside_down[..., 1] = camera.size[1] - 1 - upside_down[..., 1]
reordered = rat.pose_2d[:, np.random.default_rng(0).permutation(len(body.joints))]
all_swapped = np.array(rat.pose_2d)
all_swapped[:, left], all_swapped[:, right] = rat.pose_2d[:, right], rat.pose_2d[:, left]

for what, poses_2d in [
    ("as it is", rat.pose_2d),
    ("y counted from the bottom", upside_down),
    ("left and right swapped", all_swapped),
    ("joints in another order", reordered),
    ("a video at half its size", rat.pose_2d / 2),
    ("another camera of the rig", rat.points_2d[3]),
]:
    print(f"{what:27s} -> {verdict_of(poses_2d)}")

# %% [markdown]
# Each of these gives a lifted pose without any error being raised. Read the verdict.
#
# ## 4. Make error bars right for your animals
#
# Here is a rat that is not like the others: a third larger, as a grown one among young ones. The
# camera sees a larger animal; the lifter cannot know that it is not a nearer one.

# %%
small = quadruped(frames=400, seed=30, animal=30)
middle = small.poses_3d.mean((0, 1)) * [1, 1, 0]
grown = middle + 1.33 * (small.poses_3d - middle)
grown_2d = np.asarray(camera.project(grown))
grown_2d += np.random.default_rng(0).normal(0, 1.5, grown_2d.shape)
grown_truth = grown - grown[:, [small.roots[0]]]
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    before = share_held(lifter, grown_2d, grown_truth)
print("verdict:", verdict_of(grown_2d))
print(f"90 % bars hold {100 * before:.0f} % of the joints")

# %% [markdown]
# Label, or triangulate, some frames of the animals that you lift: thirty, far from each other.
# `recalibrate` measures the bars again. What is lifted stays the same, and so does which joint is
# less sure than which.

# %%
some = np.arange(0, 400, 13)
sure = liftpose.recalibrate(lifter, grown_2d[some], grown[some])
rest = np.setdiff1d(np.arange(400), some)
after = share_held(sure, grown_2d[rest], grown_truth[rest])
print(f"{len(some)} labelled frames: 90 % bars hold {100 * after:.0f} % in the others")
for what, one in [("before", lifter), ("after", sure)]:
    radius = one.lift(grown_2d, judge=False).radius()[:, targets]
    print(f"median radius {what}: {np.median(radius):.0f} mm")

# %% [markdown]
# Wider bars are not a better lifter. They are an honest one. To make it better, add such frames to
# the training data.
#
# ## 5. What else could the pose be?
#
# One camera does not see depth: two poses can make one image. An error bar about one pose cannot
# say that; drawing poses can. Each draw is a whole pose that the image leaves open.

# %%
view = lifter.lift(rat.pose_2d, camera, hypotheses=20)
in_camera = np.array([truth, view.position, *view.hypotheses]) @ camera.R.T
seen = np.isfinite(rat.pose_2d).all((1, 2))
depth_is_open = in_camera[2:, ..., 2].std(0).mean(1)
frame = int(np.argmax(np.where(seen, depth_is_open, -1)))

figure, axes = plt.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
sides = [(0, "as the camera sees it"), (2, "from the side: depth")]
for ax, (across, title) in zip(axes, sides, strict=True):
    looks = [*[("#9fc3e0", 1)] * 20, ("#0072b2", 2.2), ("0.2", 1.2)]
    for pose, (color, width) in zip(in_camera[[*range(2, 22), 1, 0], frame], looks, strict=True):
        for a, b in body.bones:
            ax.plot(*pose[[a, b]].T[[across, 1]], color=color, lw=width, solid_capstyle="round")
    ax.set_aspect("equal", adjustable="datalim")
    ax.set(title=title, xlabel=("right (mm)", "", "away from the camera (mm)")[across])
    ax.spines[["top", "right"]].set_visible(False)
axes[0].set_ylabel("down (mm)")
for ax in axes:
    ax.invert_yaxis()
for color, label in [("#9fc3e0", "20 draws"), ("#0072b2", "lifted"), ("0.2", "truth")]:
    axes[0].plot([], [], color=color, label=label)
legend = axes[0].legend(frameon=False, fontsize="small")

# %% [markdown]
# In the image they nearly agree; in depth they do not. To carry that into your own analysis,
# compute what you are after for each draw: here the height of the tip of the tail.

# %%
tail = body.index("tail_tip")
heights = view.hypotheses[:, frame, tail, 2]
print(f"lifted {view.position[frame, tail, 2]:.0f} mm, truth {truth[frame, tail, 2]:.0f} mm")
print(f"twenty draws: {heights.min():.0f} to {heights.max():.0f} mm")

# %% [markdown]
# ## Before you publish
#
# 1. Hold out a recording, of another animal if you can, and `evaluate` on it. Look at the linear
#    map and the mean pose beside it.
# 2. Count how often its 90 % bars hold. If they do not, `recalibrate`.
# 3. Read the verdict of every recording, and look at runs of unusual frames.
# 4. Leave out joints by their radius, and say at which radius.
# 5. Look at the poses moving. An error that the eye finds at once may be in no number:

# %%
lifted
