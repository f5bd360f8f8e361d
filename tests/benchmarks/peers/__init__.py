"""The same cases as experts of other packages write them; imported only where installed."""

import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

from tests.benchmarks.case import Case

PEERS = ("jax", "torch", "autograd")


def peers_of(case: Case, args: tuple[Any, ...]) -> dict[str, Callable[[], Any]]:
    """Return, for each installed peer that has this case, what makes `(value, gradients)`.

    Arguments are already in the arrays of the peer.
    """
    found = {}
    for peer in PEERS:
        if importlib.util.find_spec(peer) is not None:
            module = importlib.import_module(f"tests.benchmarks.peers.in_{peer}")
            if case.name in module.PRIMALS:
                found[peer] = module.prepare(module.PRIMALS[case.name], args, case.argnums)
    return found
