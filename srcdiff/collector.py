"""Python's collector of garbage, put off where much is made and little is garbage.

The passes and Numba's compiler make some hundred thousand objects that live until they are done.
The collector looks through all of them again and again, a tenth of the time of a first gradient.
"""

import gc
import os
from collections.abc import Iterator
from contextlib import contextmanager

_waiting: list[None] = []


@contextmanager
def put_off() -> Iterator[None]:
    """Collect no garbage meanwhile, unless another thread has it collected.

    Who finds the collector at work is who sets it to work again.
    """
    if not gc.isenabled():
        yield
        return
    _waiting.append(None)
    gc.disable()
    try:
        yield
    finally:
        del _waiting[:1]
        gc.enable()


def _resume() -> None:
    """Collect in a child that another thread has made meanwhile."""
    if _waiting:
        _waiting.clear()
        gc.enable()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_resume)
