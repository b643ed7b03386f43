"""A params file holds everything `liftpose.main.train` takes: read, checked by line, and begun.

``params.toml`` has the tables ``[data]`` (files), ``[skeleton]``, ``[training]`` (options),
``[[augmentation]]`` and ``[camera]``; file names are relative to it. The ``params.yaml`` of
liftpose 0.22 is read too: the skeleton and the options in it, and files where it names any.
"""

from liftpose.params.keys import option_meanings
from liftpose.params.reading import Params, read_params
from liftpose.params.writing import write_params

__all__ = ["Params", "option_meanings", "read_params", "write_params"]
