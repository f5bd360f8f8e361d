"""What the machine that Numba compiles for can do."""

import platform
from functools import cache

from llvmlite import binding
from numba.core import codegen, config


def features() -> set[str]:
    """Return LLVM's names for the instruction sets that Numba may use."""
    given = config.CPU_FEATURES
    listed = _of_host() if given is None else given
    return {name[1:] for name in listed.split(",") if name.startswith("+")}


@cache
def _of_host() -> str:
    return str(codegen.get_host_cpu_features())


def available() -> bool:
    """Say whether one instruction multiplies and adds; where it does not, libm is faster."""
    return "fma" in features()


def callee_saves() -> bool:
    """Say whether the convention of Intel's OpenCL can be used, as far as it is tested.

    Under it the callee saves half of the registers of AVX-512. LLVM 20 forgets the convention where
    it vectorises a call, and takes the loop for unreachable. With AVX2 LLVM clears the upper halves
    of registers that a caller relies on (vzeroupper), and so it would on Windows.
    """
    tested = binding.llvm_version_info[0] == 22 and platform.system() == "Linux"
    return tested and platform.machine() == "x86_64" and "avx512f" in features()


def has_scaling() -> bool:
    """Say whether LLVM makes one instruction of `ldexp`, in vectors, too; other releases call libm.

    Of AVX-512; LLVM 22 is the first where this is tested.
    """
    return binding.llvm_version_info[0] >= 22 and "avx512f" in features()
