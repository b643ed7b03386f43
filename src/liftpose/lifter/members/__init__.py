"""The members of a lifter: each is fitted, predicts, and gives its state.

`ridge` is always there; each `Member` adds to it, by as much as held-out frames allow: `kernel` in
closed form, `network` by training. `martinez` is the published network, which stands alone.
"""

from liftpose.lifter.members.member import Member

__all__ = ["Member"]
