"""What is done with lifted poses: scoring them, and loading the results of a test."""

from liftpose.postprocess.results import load_test_results

__all__ = ["load_test_results"]
