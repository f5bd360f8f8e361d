"""Who touches which memory."""

from srcdiff.analysis.memory import memory
from srcdiff.ir.build import integer
from srcdiff.ir.nodes import Value
from srcdiff.words import grow
from tests.transform.examples import FLOAT, Example


def test_reads_and_writes_of_nested_statements() -> None:
    example = Example()
    made = example.builder.zeros((example.n,), FLOAT, "p")

    def body(i: Value) -> None:
        example.builder.store(made, (i,), example.builder.load(example.x, (i,)))

    example.loop(body)
    function = example.function(made)
    facts = memory(function)
    loop = function.body.statements[-1]
    assert facts.reads(loop) == {example.x}
    assert facts.writes(loop) == {made}
    assert facts.lasting - facts.callers == {made}


def test_a_call_that_may_hand_on_its_argument_is_of_its_class() -> None:
    example = Example()
    b = example.builder
    longer = b.call(grow, example.x, integer(9), type=example.x.type, shape=(integer(9),))
    copied = b.copy(example.x)
    facts = memory(example.function())
    assert facts.root(longer) is facts.root(example.x)
    assert facts.root(longer) in facts.bound
    assert facts.root(copied) is not facts.root(example.x)
