"""The members of a lifter: each is fitted, predicts, and gives its state.

`ridge` is always there; `network` adds to it, by as much as held-out frames allow; `martinez` is
the published network, which stands alone.
"""
