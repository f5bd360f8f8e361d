"""Checks of derivatives against numbers that do not come from rules."""

from srcdiff.testing.checks import check_grads, dot_product_test
from srcdiff.testing.remainders import taylor_test

__all__ = ["check_grads", "dot_product_test", "taylor_test"]
