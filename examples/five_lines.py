"""Learn to lift from one simulated animal, lift another, and keep what was learned.

Run it with ``python examples/five_lines.py``; it takes a few seconds and writes ``mouse.lifter``
and ``mouse_3d.nc`` to the folder it is run in, or to the one that ``-o`` names. Put your own poses
in the place of the simulated ones: arrays of shape (frames, joints, 2) and (frames, joints, 3).
"""

import argparse
from pathlib import Path

import numpy as np

import liftpose
from liftpose.datasets import mouse

parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
parser.add_argument("-o", "--out", type=Path, default=Path(), metavar="DIR")
folder = parser.parse_args().out
folder.mkdir(parents=True, exist_ok=True)

known, new = mouse(frames=2000, seed=1, animal=1), mouse(frames=500, seed=2, animal=2)

lifter = liftpose.Lifter(known.skeleton, epochs=5)
lifter.fit(known.pose_2d, known.poses_3d, known.cameras[0], confidence=known.confidence[0])
lifted = lifter.lift(new.pose_2d, confidence=new.confidence[0])
lifter.save(folder / "mouse.lifter", overwrite=True)
liftpose.write_poses(lifted, folder / "mouse_3d.nc", overwrite=True)

truth = new.poses_3d - new.poses_3d[:, known.roots[:1]]
error = np.nanmean(np.linalg.norm(lifted.position - truth, axis=2))
print(lifter)
print(f"\n{lifted}\nmean distance from the truth: {error:.1f} {lifted.unit}")
