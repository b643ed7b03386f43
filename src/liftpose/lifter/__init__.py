"""The lifter: normalization, augmentation, members, selection, training."""
