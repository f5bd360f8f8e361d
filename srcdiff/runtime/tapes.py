"""Buffers that grow: kept values of loops whose number of iterations is not known beforehand."""

from numba.extending import register_jitable

from srcdiff import words

grow = register_jitable(words.grow)
