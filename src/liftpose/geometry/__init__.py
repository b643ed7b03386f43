"""Geometry on arrays: numpy and torch alike, without importing torch."""
