"""The national history of England, naive forecasts of it, and the scoring of forecasts beside them."""

from models.history.data import History, Quarter, SealedError, england, month_indices
from models.history.frozen import Frozen, NotFrozenError, freeze, opened
from models.history.naive import NAIVE, TARGETS, TEST_QUARTERS, Ahead, Naive, forecasts, naive_forecasts
from models.history.score import Forecast, Paired, Score, best_naive, claim, score, table
from models.history.trusts import Elasticity, observed_elasticity, trusts, trusts_ae, trusts_stp

__all__ = ["NAIVE", "TARGETS", "TEST_QUARTERS", "Ahead", "Elasticity", "Forecast", "Frozen", "History", "Naive"]
__all__ += [
    "NotFrozenError",
    "Paired",
    "Quarter",
    "Score",
    "SealedError",
    "best_naive",
    "claim",
    "england",
    "forecasts",
]
__all__ += ["freeze", "month_indices", "naive_forecasts", "observed_elasticity", "opened", "score", "table", "trusts"]
__all__ += ["trusts_ae", "trusts_stp"]
