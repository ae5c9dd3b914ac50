"""The reference program for stocks and flows: the written semantics in plain Python, tree by tree.

Nothing is put in order beforehand, nothing is generated or compiled: a value is found by reading its equation, and the
values in it by reading theirs. It is slow, and it is what the generated program is tested against; both follow
``docs/stocks.md``.

`march` runs a model step by step, `solve` gives what a run comes to as its steps grow short, and `look` finds at the
start what would stop a run there. A `Reading` is the evaluator itself: the values of a model at one `Moment`, from a
`State`.
"""

from sim.stocks.twin.atlas import Atlas
from sim.stocks.twin.limit import solve
from sim.stocks.twin.looking import look
from sim.stocks.twin.reading import Moment, Reading, State
from sim.stocks.twin.stepping import march

__all__ = ["Atlas", "Moment", "Reading", "State", "look", "march", "solve"]
