"""The derivative rules. Importing this package fills the registry."""

from srcdiff.rules import elementwise as _elementwise  # noqa: F401
from srcdiff.rules import special as _special  # noqa: F401
from srcdiff.rules import zero as _zero  # noqa: F401
from srcdiff.rules.registry import (
    Elementwise,
    all_rules,
    all_zeros,
    canonical,
    elementwise_rule,
    is_zero,
)

__all__ = ["Elementwise", "all_rules", "all_zeros", "canonical", "elementwise_rule", "is_zero"]
