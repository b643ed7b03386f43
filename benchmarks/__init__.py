"""Measurements of LiftPose on real recordings, beside liftpose 0.22: ``python -m benchmarks``."""
