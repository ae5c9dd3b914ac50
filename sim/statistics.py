from scipy import stats


def binomial_bounds(successes, trials, level=0.95, sided="one"):
    a = 1 - level
    lo = 0.0 if successes == 0 else stats.beta.ppf(a, successes, trials - successes + 1)
    hi = 1.0 if successes == trials else stats.beta.ppf(1 - a, successes + 1, trials - successes)
    return lo, hi
