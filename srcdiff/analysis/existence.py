"""Which elements of arrays surely exist where a statement stands.

An element exists if its indices are inside of the extents by the bounds of loops, or if it was
accessed before in the same block or around it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from srcdiff.analysis.indices import Affine, Indices
from srcdiff.ir.memory import Access
from srcdiff.ir.nodes import Statement

Fact = tuple[Affine, Affine]


@dataclass(eq=False)
class Existence:
    """What is known on a walk over the statements of a function, in order."""

    integers: Indices
    inside: set[Fact] = field(default_factory=set)
    """Pairs (index, extent) of which the statement at hand knows that index < extent."""

    @contextmanager
    def block(self) -> Iterator[None]:
        """Forget at the end what the accesses of a block say."""
        known = set(self.inside)
        yield
        self.inside = known

    def learn(self, statement: Statement) -> None:
        """An element that was accessed exists."""
        if isinstance(statement, Access):
            self.inside.update(self.facts(statement))

    def facts(self, access: Access) -> list[Fact]:
        pairs = zip(access.indices, access.ref.shape, strict=False)
        return [(self.integers.affine(i), self.integers.affine(n)) for i, n in pairs]

    def holds(self, access: Access, more: frozenset[Fact] = frozenset()) -> bool:
        """Say whether the element of an access surely exists, `more` being known, too."""
        places = zip(access.indices, access.ref.shape, strict=True)
        return all(
            fact in self.inside or fact in more or self.integers.is_within(index, extent)
            for fact, (index, extent) in zip(self.facts(access), places, strict=True)
        )
