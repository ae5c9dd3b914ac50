"""The national history of England, naive forecasts of it, and the scoring of forecasts beside them."""

from models.history.added import added
from models.history.data import History, Quarter, SealedError, england, england_later, month_indices
from models.history.frozen import Frozen, NotFrozenError, freeze, opened
from models.history.naive import LATER_QUARTERS, NAIVE, TARGETS, TEST_QUARTERS, Ahead, Naive, forecasts, naive_forecasts
from models.history.score import Forecast, Paired, Score, best_naive, claim, score, table
from models.history.trusts import Elasticity, observed_elasticity, trusts, trusts_ae, trusts_stp

__all__ = ["LATER_QUARTERS", "NAIVE", "TARGETS", "TEST_QUARTERS", "Ahead", "Elasticity", "Forecast", "Frozen"]
__all__ += ["History", "Naive", "NotFrozenError", "Paired", "Quarter", "Score", "SealedError", "best_naive", "claim"]
__all__ += ["added", "england", "england_later", "forecasts", "freeze", "month_indices", "naive_forecasts"]
__all__ += ["observed_elasticity", "opened", "score", "table", "trusts", "trusts_ae", "trusts_stp"]
