"""One calibrated camera: its numbers, what it does to points, and what becomes of its image.

`liftpose.Camera` is made in three steps, a module each: `values`, `optics`, and `camera`.
"""

from liftpose.geometry.camera.camera import Camera, as_camera

__all__ = ["Camera", "as_camera"]
