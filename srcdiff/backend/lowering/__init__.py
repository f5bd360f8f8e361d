"""Numba's step from its own form of a function to LLVM's, with short code for what we generate.

LLVM would take away what this leaves out, but it takes time to write and to read: two thirds of the
instructions of a generated function.
"""

from functools import partial
from typing import Any

import llvmlite.binding as llvm
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from srcdiff.backend.lowering.elements import Elements
from srcdiff.backend.lowering.methods import Methods
from srcdiff.backend.lowering.operations import Operations
from srcdiff.backend.lowering.ranges import Ranges

LONG = 3000
"""From how many of Numba's statements on a function is long."""


class _Lower(Elements, Methods, Operations, Ranges):
    def lower(self) -> None:
        """Numba lets LLVM do all that it can twice; for a long function, once is enough.

        For a short one it costs little, and a loop in a hundred is faster by it.
        """
        if sum(len(block.body) for block in self.blocks.values()) > LONG:
            self.library._optimize_functions = partial(_tidy, self.library)
        super().lower()


@register_pass(mutates_CFG=True, analysis_only=False)
class ShortLowering(NativeLowering):
    """The step of Numba's compiler that makes LLVM's code."""

    _name = "srcdiff_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        """Return what is to be used for it."""
        return _Lower


def _tidy(library: Any, module: Any) -> None:
    """Let LLVM take variables out of memory, so that what comes later finds short code."""
    module.data_layout = library._codegen._data_layout
    builder = library._codegen._pass_builder()
    passes = llvm.create_new_function_pass_manager()
    passes.add_sroa_pass()
    passes.add_instruction_combine_pass()
    for function in module.functions:
        if not function.is_declaration:
            passes.run(function, builder)
