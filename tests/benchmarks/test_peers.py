"""The peers compute what we compute, where they are installed (extra `bench`)."""

import importlib.util
import warnings

import numpy as np
import pytest

import srcdiff
from tests.benchmarks.measure import compare
from tests.benchmarks.peers import PEERS, peers_of
from tests.benchmarks.registry import CASES

INSTALLED = [peer for peer in PEERS if importlib.util.find_spec(peer) is not None]


@pytest.mark.skipif(not INSTALLED, reason="needs the extra `bench`")
@pytest.mark.parametrize("name", CASES)
def test_peers(name: str) -> None:
    case = CASES[name]
    args = case.tiny_args()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        peers = peers_of(case, args)
        results = {peer: function() for peer, function in peers.items()}
    expected = srcdiff.value_and_grad(case.primal, argnums=case.argnums, jit=False)(*args)
    for peer, (value, gradients) in results.items():
        compare(f"{name}, {peer}", (np.asarray(value), gradients), expected)
