"""Geometry on arrays: numpy and torch alike, importing neither."""
