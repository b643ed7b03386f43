"""Libraries of 3D poses with the cameras that filmed them and what each of those saw."""

from liftpose.io.filmed.file import is_library, read_library, write_library
from liftpose.io.filmed.library import FilmedLibrary

__all__ = ["FilmedLibrary", "is_library", "read_library", "write_library"]
