"""What Numba infers for the locals of a function: its type inference, without compiling.

A shortened pipeline of Numba's own compiler; `bytecode -> Numba IR -> SSA -> types -> stop`.
"""

from collections.abc import Sequence
from types import FunctionType, SimpleNamespace
from typing import Any

import numba
import numpy as np
from numba.core import compiler, types
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.registry import cpu_target
from numba.core.typed_passes import NopythonTypeInference
from numba.np.numpy_support import as_dtype, from_dtype

from srcdiff.backend.python import functions_beside
from srcdiff.ir.types import Array, Scalar, Type


@register_pass(mutates_CFG=False, analysis_only=True)
class StopAfterTyping(FunctionPass):
    _name = "srcdiff_tests_stop_after_typing"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> bool:
        state.cr = SimpleNamespace(typemap=dict(state.typemap))
        return True


class TypingOnly(compiler.CompilerBase):
    def define_pipelines(self) -> list[Any]:
        manager = compiler.DefaultPassBuilder.define_untyped_pipeline(self.state)
        manager.add_pass(NopythonTypeInference, "nopython frontend")
        manager.add_pass(StopAfterTyping, "stop")
        manager.finalize()
        return [manager]


def locals_of(function: FunctionType, params: Sequence[Type]) -> dict[str, str]:
    """Return the type of each local name of `function`, as `title` writes it.

    Numba's SSA form tells the definitions of a name apart. Where some are contiguous and some not,
    the name is what they have in common.
    """
    typing, target = cpu_target.typing_context, cpu_target.target_context
    typing.refresh()
    target.refresh()
    flags = compiler.Flags()
    flags.nrt = True
    flags.enable_ssa = True
    flags.error_model = "numpy"
    args = tuple(map(numba_type, params))
    for other in functions_beside(function):
        function.__globals__[other.__name__] = numba.njit(other)
    found = TypingOnly(typing, target, None, args, None, flags, {}).compile_extra(function)
    names: dict[str, Any] = {}
    for version, type in found.typemap.items():
        if not version.startswith(("$", "arg.")):
            name = version.partition(".")[0]
            names[name] = joined(names.get(name, type), type)
    return {name: title(type) for name, type in names.items()}


def joined(first: Any, second: Any) -> Any:
    """Return the type of a name that is bound to both, or a pair that is no type of ours."""
    first, second = types.unliteral(first), types.unliteral(second)
    match first, second:
        case types.Array(), types.Array() if (first.dtype, first.ndim) == (
            second.dtype,
            second.ndim,
        ):
            return first if first.layout == second.layout else first.copy(layout="A")
    return first if first == second else (first, second)


def numba_type(type: Type) -> Any:
    """Return the Numba type of arguments of `type`."""
    match type:
        case Scalar(dtype=dtype):
            return from_dtype(dtype)
        case Array(dtype=dtype, ndim=ndim, layout=layout):
            return types.Array(from_dtype(dtype), ndim, layout)


def title(type: Any) -> str:
    """Return a type as `str` of ours writes it; "C" and "F" are one layout below two axes."""
    match type:
        case types.Array():
            layout = "C" if type.ndim < 2 and type.layout == "F" else type.layout
            return str(Array(np.dtype(as_dtype(type.dtype)), type.ndim, layout))
        case types.Number() | types.Boolean():
            return str(Scalar(np.dtype(as_dtype(type))))
    return str(type)
