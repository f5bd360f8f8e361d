"""Numba's compiler without the steps that generated code has no use for.

Generated text has no closures, no `with`, no comprehensions and no calls to inline, and each name
has one type (`ir.naming`), so that Numba need not look for the former nor split names apart. Its
own check after every step is left out, too. How long variables live is found once, at the end, and
not after each change. Together that is a sixth of the time of a compilation.
"""

import importlib
from collections.abc import Iterator
from functools import cache as once
from typing import Any

import numpy as np
from numba.core import ir, types
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.rewrites import rewrite_registry
from numba.core.transforms import canonicalize_cfg
from numba.core.typed_passes import (
    AnnotateTypes,
    IRLegalization,
    NoPythonBackend,
    NopythonRewrites,
    NopythonTypeInference,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    RewriteDynamicRaises,
    TranslateByteCode,
)
from numba.np import linalg

from srcdiff.backend.contexts import look_seldom, with_memory
from srcdiff.backend.functions import replace_functions
from srcdiff.backend.lowering import ShortLowering

_ARITHMETIC = frozenset({"unary", "binop", "inplace_binop"})


@register_pass(mutates_CFG=True, analysis_only=False)
class ArrayRewrites(NopythonRewrites):
    """Numba's fusion of array expressions, where there are any."""

    _name = "srcdiff_array_rewrites"

    def run_pass(self, state: Any) -> bool:
        arrays = (isinstance(type, types.Array) for type in _computed(state))
        return any(arrays) and super().run_pass(state)


def _computed(state: Any) -> Iterator[Any]:
    """Iterate over the types of what arithmetic and ufuncs return."""
    for block in state.func_ir.blocks.values():
        for assign in block.find_insts(ir.Assign):
            value = assign.value
            if not isinstance(value, ir.Expr):
                continue
            if value.op in _ARITHMETIC or (value.op == "call" and _is_ufunc(state, value)):
                yield state.typemap[assign.target.name]


def _is_ufunc(state: Any, call: Any) -> bool:
    function = state.typemap[call.func.name]
    return isinstance(getattr(function, "typing_key", None), np.ufunc)


@register_pass(mutates_CFG=True, analysis_only=False)
class Straighten(IRProcessing):
    """Numba's step without the lives of variables."""

    _name = "srcdiff_straighten"

    def run_pass(self, state: Any) -> bool:
        state.func_ir.blocks = canonicalize_cfg(state.func_ir.blocks)
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class Rewrites(GenericRewrites):
    """Numba's step without the lives of variables."""

    _name = "srcdiff_rewrites"

    def run_pass(self, state: Any) -> bool:
        blocks = state.func_ir.blocks
        for kind in rewrite_registry.rewrites["before-inference"]:
            rewrite, waiting = kind(state), list(blocks.items())
            while waiting:
                key, block = waiting.pop()
                if rewrite.match(state.func_ir, block, state.typemap, state.calltypes):
                    blocks[key] = rewrite.apply()
                    waiting.append((key, blocks[key]))
        return True


@register_pass(mutates_CFG=True, analysis_only=False)
class TypeInference(NopythonTypeInference):
    """Numba's step, which asks nothing twice."""

    _name = "srcdiff_type_inference"

    def run_pass(self, state: Any) -> bool:
        context = state.typingctx
        state.typingctx = with_memory(context)
        try:
            return bool(super().run_pass(state))
        finally:
            state.typingctx = context


class _Passes(PassManager):
    _ENFORCING = False


class Compiler(CompilerBase):
    """What `numba.njit(pipeline_class=...)` takes."""

    def define_pipelines(self) -> list[PassManager]:
        """Return one pipeline: nopython mode."""
        look_seldom(self.state.targetctx)
        passes = _Passes("srcdiff")
        for step in (
            TranslateByteCode,
            FixupArgs,
            Straighten,
            DeadBranchPrune,
            Rewrites,
            RewriteDynamicRaises,
            TypeInference,
            ArrayRewrites,
            IRLegalization,
            AnnotateTypes,
            ShortLowering,
            NoPythonBackend,
        ):
            passes.add_pass(step, step.__name__)
        passes.finalize()
        return [passes]


def use(dispatcher: Any) -> None:
    """Let a dispatcher of a generated function compile it as this module does."""
    _import_arrays()
    dispatcher._compiler.pipeline_class = Compiler
    replace_functions(dispatcher.py_func.__globals__)


@once
def _import_arrays() -> None:
    """Import Numba's functions of arrays, without SciPy's linear algebra.

    Numba imports it to see whether it is there, which takes a fifth of a second; it is, since
    srcdiff depends on it. What uses it imports it.
    """
    ensure = linalg.ensure_blas
    linalg.ensure_blas = lambda: None
    try:
        importlib.import_module("numba.np.arraymath")
    finally:
        linalg.ensure_blas = ensure
