"""Numba's step from its own form of a function to LLVM's, with short code for what we generate.

LLVM would take away what this leaves out, but it takes time to write and to read: half of the
instructions of a generated function.
"""

from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import NativeLowering

from srcdiff.backend.lowering.elements import Elements
from srcdiff.backend.lowering.ranges import Ranges
from srcdiff.backend.lowering.references import References


class _Lower(Elements, Ranges, References):
    pass


@register_pass(mutates_CFG=True, analysis_only=False)
class ShortLowering(NativeLowering):
    """The step of Numba's compiler that makes LLVM's code."""

    _name = "srcdiff_lowering"

    @property
    def lowering_class(self) -> type[Lower]:
        """Return what is to be used for it."""
        return _Lower
