"""ADBench's mixture of Gaussians; the primal is in the corpus of programs."""

from tests.benchmarks.case import Case
from tests.benchmarks.hand.gmm import gmm_objective_hand
from tests.data.adbench import read_gmm
from tests.programs.gmm import gmm_objective


def gmm_args(random, name, points=None):
    """Return the benchmark's numbers; `random` is not asked."""
    alphas, means, icf, x, gamma, m = read_gmm(name)
    return alphas, means, icf, x[:points].copy(), gamma, m


CASES = (
    Case(
        "gmm",
        gmm_objective,
        gmm_args,
        {"name": "gmm_d10_K25"},
        {"name": "gmm_d2_K5", "points": 4},
        (0, 1, 2),
        hand=gmm_objective_hand,
    ),
)
