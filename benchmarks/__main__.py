"""``python -m benchmarks NAME ...``: run one benchmark; without a name, list them."""

import sys
from importlib import import_module

# Each module has a function `main(argv)` that returns an exit status.
BENCHMARKS = {
    "cameras": "triangulation, augmentation, viewpoints, placing, another rig, a start without 3D",
    "confidence": "what a threshold on the tracker's confidence costs or gains",
    "film": "how fast poses are filmed, beside liftpose 0.22, and that memory stays flat",
    "first": "accuracy and cost of training beside ridge, the mean pose and liftpose 0.22",
    "memory": "peak memory of `liftpose lift` for few frames and for a million",
    "page": "what a page with a player weighs, how soon it is there, and what playing costs",
    "peer": "train liftpose 0.22 on the recordings and keep its predictions",
    "published": "compare what is read from folders of liftpose 0.22 with its own numbers",
    "record": "every method on every recording: accuracy, cost, and the bars",
    "speed": "how fast many poses and one are lifted, and that memory stays flat",
    "startup": "how long `import liftpose` and `liftpose --help` take",
    "view": "how soon a recording of a million frames is seen, and what memory that takes",
    "trust": "smoothing and bones, beside no smoothing and a simple one",
}


def main(argv: list[str]) -> int:
    """Run the benchmark that the first argument names, or list all of them."""
    if argv and argv[0] in BENCHMARKS:
        try:
            return int(import_module(f"benchmarks.{argv[0]}").main(argv[1:]))
        except FileNotFoundError as error:
            print(error, file=sys.stderr)
            return 2
    print("python -m benchmarks NAME [--help], with NAME one of")
    for name, purpose in BENCHMARKS.items():
        print(f"  {name:<10} {purpose}")
    if argv and argv[0] not in ("-h", "--help"):
        print(f"there is no benchmark {argv[0]!r}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
