"""The formats of pose files: one module a family, each registered when it is imported."""
