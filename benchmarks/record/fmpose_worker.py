"""Train and sample FMPose3D in an interpreter of its own: ``fmpose_worker.py TASK FOLDER``.

TASK is an .npz file as `benchmarks.record.fmpose` writes it; ``result.npz`` and ``result.json`` go
to FOLDER. Network, graph, normalization of the 2D and sampler are those of the package
``fmpose3d``; its training loop is a script that it does not install, whose objective (straight
paths from noise to poses, squared error of their velocity) is written again here. Nothing of this
project is imported.
"""

import importlib
import importlib.metadata
import importlib.util
import json
import os
import resource
import sys
import time
import types
from typing import Any

import numpy as np
import torch

NETWORK = "fmpose3d_animals"
Array = np.ndarray[Any, Any]


def bare(name: str) -> types.ModuleType:
    """Make a package importable from without running its ``__init__``."""
    spec = importlib.util.find_spec(name)
    if spec is None or spec.submodule_search_locations is None:
        sys.exit(f"{sys.executable} has no package {name}.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    return module


def loaded() -> Any:
    """Load the modules that are used, and give the one of the network for animals."""
    # Their __init__ import detectors for images, and with them torchvision and OpenCV. All that
    # the network takes from timm is a layer that drops whole paths.
    for name in ("timm", "fmpose3d", "fmpose3d.common"):
        bare(name)
    layers = bare("timm.layers")
    vars(layers)["DropPath"] = importlib.import_module("timm.layers.drop").DropPath
    return importlib.import_module("fmpose3d.animals.models.model_animal3d")


def hops(joints: int, bones: list[list[int]], root: int) -> Array:
    """Count the bones between each joint and the root; where none lead there, `joints`."""
    near = np.eye(joints, dtype=bool)
    for one, other in bones:
        near[one, other] = near[other, one] = True
    reached = np.arange(joints) == root
    count = np.full(joints, float(joints))
    for step in range(joints):
        count[reached & (count == joints)] = step
        reached = near @ reached
    return count


def network(settings: dict[str, Any]) -> torch.nn.Module:
    """Make its network for animals, over the bones and the left-right pairs of the recording."""
    module = loaded()
    bones, pairs = ([tuple(two) for two in settings[key]] for key in ("bones", "pairs"))

    class Graph(module.Graph):  # type: ignore[misc, name-defined]
        """Its graph, which knows two layouts, with a third one."""

        def get_edge(self, layout: str) -> None:
            self.num_node_each = settings["joints"]
            itself, over_time = self.basic_layout(bones, pairs)
            self.edge = itself + self.neighbour_link_all + self.sym_link_all + over_time

        def get_distance_to_center(self, layout: str) -> Array:
            return hops(settings["joints"], settings["bones"], settings["root"])

    module.Graph = Graph
    sizes = {key: settings[key] for key in ("layers", "channel", "d_hid", "token_dim")}
    make = importlib.import_module("fmpose3d.models").get_model(NETWORK)
    made: torch.nn.Module = make(types.SimpleNamespace(n_joints=settings["joints"], **sizes))
    return made


def trained(
    model: torch.nn.Module, points: torch.Tensor, poses: torch.Tensor, settings: dict[str, Any]
) -> list[float]:
    """Train as its script does, and return the mean loss of each epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=settings["lr"], amsgrad=True)
    model.train()
    losses = []
    for epoch in range(1, settings["epochs"] + 1):
        total = 0.0
        for rows in torch.randperm(len(points)).split(settings["batch"]):
            pose, noise = poses[rows], torch.randn(poses[rows].shape)
            at = torch.rand(len(rows), 1, 1, 1)
            with torch.autocast("cpu", torch.bfloat16, enabled=settings["bfloat16"]):
                velocity = model(points[rows], (1 - at) * noise + at * pose, at)
            loss = (velocity.float() - (pose - noise)).square().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += float(loss.detach()) * len(rows)
        losses.append(total / len(points))
        rate = settings["lr"] * share_of_rate(epoch * settings["planned"] / settings["epochs"])
        for group in optimizer.param_groups:
            group["lr"] = rate
        print(f"epoch {epoch} loss {losses[-1]:.5f} next rate {rate:.2e}", flush=True)
    return losses


def share_of_rate(epoch: float) -> float:
    """Give the part of the learning rate that its script for animals has left after an epoch.

    It keeps 0.75 of the rate after every 15th epoch, and 0.95 after every other.
    """
    large = epoch // 15
    return float(0.75**large * 0.95 ** (epoch - large))


def sampled(model: torch.nn.Module, points: torch.Tensor, settings: dict[str, Any]) -> torch.Tensor:
    """Draw one hypothesis for each frame with its sampler."""
    sample = importlib.import_module("fmpose3d.common.utils").euler_sample
    model.eval()
    drawn = []
    with torch.no_grad():
        for some in points.split(256):
            noise = torch.randn(*some.shape[:3], 3)
            drawn.append(sample(some, noise, settings["steps"], model))
    poses = torch.cat(drawn)
    poses[:, :, settings["root"]] = 0
    return poses


def cpu_seconds() -> float:
    """Return the CPU seconds of this process."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main(task: str, folder: str) -> None:
    """Run the task and write its results."""
    torch.set_num_threads(1)
    with np.load(task, allow_pickle=False) as stored:
        arrays = dict(stored)
    settings = json.loads(str(arrays["settings"]))
    found = importlib.metadata.version("fmpose3d")
    if found != settings["version"]:
        sys.exit(f"{sys.executable} has fmpose3d {found}; expected {settings['version']}.")
    torch.manual_seed(settings["seed"])
    model = network(settings)
    normalize = importlib.import_module(
        "fmpose3d.animals.common.camera"
    ).normalize_screen_coordinates
    width, height = settings["image_size"]
    train, test = (
        torch.tensor(normalize(arrays[key], width, height), dtype=torch.float32)[:, None]
        for key in ("train_2d", "test_2d")
    )
    poses = torch.tensor(arrays["train_3d"], dtype=torch.float32)[:, None]
    clocks = [(cpu_seconds(), time.perf_counter())]
    losses = trained(model, train, poses, settings)
    clocks.append((cpu_seconds(), time.perf_counter()))
    predicted = sampled(model, test, settings)
    clocks.append((cpu_seconds(), time.perf_counter()))
    (cpu, wall), (lift_cpu, lift_wall) = np.diff(clocks, axis=0).tolist()
    summary = {
        "cpu_seconds": cpu,
        "wall_seconds": wall,
        "lift_cpu_seconds": lift_cpu,
        "lift_seconds": lift_wall,
        "losses": losses,
        "parameters": sum(value.numel() for value in model.parameters()),
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
    np.savez(os.path.join(folder, "result.npz"), predicted=predicted[:, 0].numpy())
    with open(os.path.join(folder, "result.json"), "w") as file:
        json.dump(summary, file, indent=2)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
