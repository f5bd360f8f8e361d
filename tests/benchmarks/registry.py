"""All cases, by name."""

from tests.benchmarks.case import Case
from tests.benchmarks.cases import (
    bundle,
    factors,
    flows,
    gmm,
    hand_tracking,
    lstm,
    networks,
    pointwise,
    products,
    solvers,
    statistics,
    stencils,
    vectors,
)

MODULES = (
    (gmm, bundle, lstm, hand_tracking)
    + (stencils, pointwise, statistics, networks)
    + (products, vectors, factors, solvers, flows)
)
CASES: dict[str, Case] = {case.name: case for module in MODULES for case in module.CASES}
