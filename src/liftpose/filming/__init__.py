"""Files of poses, and the video that they were tracked in, become films."""

from liftpose.filming.files import Film, film_file
from liftpose.filming.settings import FilmOptions

__all__ = ["Film", "FilmOptions", "film_file"]
