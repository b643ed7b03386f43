"""``python -m liftpose``: the same as the command ``liftpose``."""

from liftpose.cli import main

if __name__ == "__main__":
    main()
