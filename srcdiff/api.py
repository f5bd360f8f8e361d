"""temporary"""
import inspect
import numpy as np
from srcdiff.backend.python import plain
from srcdiff.frontend.lower import lower
from srcdiff.frontend.objects import array_type, parameter
from srcdiff.frontend.target import unwrap
from srcdiff.ir.build import Builder
from srcdiff.ir.nodes import Value
from srcdiff.ir.types import PYTHON_FLOAT, PYTHON_INT, BOOL
from srcdiff.pipeline import Stages, reverse
from srcdiff.transform.adjoint import Request
from srcdiff.runtime import PLAIN_NAMES, NAMES

def value_and_grad(f, argnums=0, jit=True):
    def g(*args):
        t = unwrap(f)
        b = Builder(); params=[]
        for n, a in zip(inspect.signature(t.function).parameters, args):
            if isinstance(a, np.ndarray): params.append(parameter(b, n, array_type(a), a.shape))
            else: params.append(Value(n, PYTHON_FLOAT if isinstance(a, float) else PYTHON_INT))
        L = lower(t.function, params, {}, params, b)
        nums = argnums if isinstance(argnums, tuple) else (argnums,)
        st = Stages()
        g.stages = st
        text = reverse(L.function, nums, Request((), True, False, ""), st)
        g.text = text
        if jit:
            from srcdiff.backend.numba import compile_function
            h = compile_function(text.source, text.name, {**text.globals}, f"<srcdiff {text.name}>", cache=False)
        else:
            h = plain(text.source, text.name, {**text.globals, **PLAIN_NAMES}, f"<srcdiff {text.name}>")
        out = h(*args, *[c.array for c in L.captured])
        v, *bars = out
        return v, (tuple(bars) if isinstance(argnums, tuple) else bars[0])
    return g
