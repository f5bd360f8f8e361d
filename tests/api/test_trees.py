"""Trees as arguments and in results."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcdiff as sd
from srcdiff.trees import Tree, describe, expression, flatten, names, paths, size


class Point(NamedTuple):
    x: Any
    y: Any


@dataclass(frozen=True)
class Layer:
    w: Any
    b: Any
    made: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.made.append("yes")


def rebuilt(tree: Tree, leaves: list[Any]) -> Any:
    namespace: dict[str, Any] = {"leaves": leaves}
    texts: Iterator[str] = (f"leaves[{k}]" for k in range(len(leaves)))
    return eval(expression(tree, texts, namespace), namespace)


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        (),
        (1.0,),
        [1.0, (2, None)],
        Point(1.0, [2.0]),
        {"a": 1.0, "b": {"c": (True, "text")}, "d e": 2},
        [],
        {},
        ((Point(1, Point(2, 3)),),),
    ],
)
def test_flatten_and_make_again(value: Any) -> None:
    leaves: list[Any] = []
    tree = flatten(value, leaves)
    assert size(tree) == len(leaves) == len(list(names(tree, "p"))) == len(list(paths(tree, "p")))
    again = rebuilt(tree, leaves)
    assert again == value
    assert type(again) is type(value)
    assert flatten(again, []) == tree
    assert hash(flatten(again, [])) == hash(tree)


def test_dataclasses_are_made_without_init() -> None:
    leaves: list[Any] = []
    layer = Layer(1.0, (2.0, None))
    tree = flatten(layer, leaves)
    made = rebuilt(tree, [*leaves[:3], *leaves[3:]])
    assert made.w == 1.0
    assert made.b == (2.0, None)
    assert made.made == ["yes"]


def test_names_paths_and_descriptions() -> None:
    tree = flatten({"w": [1.0, Point(2.0, 3.0)]}, [])
    assert list(names(tree, "p")) == ["p_w_0", "p_w_1_x", "p_w_1_y"]
    assert list(paths(tree, "p")) == ["p['w'][0]", "p['w'][1].x", "p['w'][1].y"]
    assert describe(tree) == "dict(w=[*, Point(x=*, y=*)])"


def test_trees_differ_by_class_and_keys() -> None:
    trees = [flatten(v, []) for v in ((1, 2), [1, 2], Point(1, 2), {"x": 1, "y": 2}, {"x": 1})]
    assert len(set(trees)) == len(trees)


def test_keys_are_strings() -> None:
    with pytest.raises(sd.TypeInferenceError, match="key 1"):
        flatten({1: 2.0}, [])


def model(p, x, kind):
    (w, b), scale = p[0], p[1]
    y = w * x + b if kind == "affine" else w * x
    return scale * np.sum(y * y)


@pytest.mark.parametrize("jit", [False, True])
def test_gradient_has_the_tree_of_its_argument(jit: bool) -> None:
    df = sd.grad(model, jit=jit)
    x = np.arange(3.0)
    p = [(np.ones(3), 1.0), np.float32(2.0), None, 3, "text", True]
    ((w, b), scale, *rest) = df(p, x, "affine")
    np.testing.assert_allclose(w, 4.0 * (x + 1.0) * x)
    assert type(df(p, x, "affine")) is list
    assert b == 24.0
    assert (scale, type(scale)) == (14.0, np.float32)
    assert rest == [None] * 4
    assert df([(np.ones(3), 1.0), 2.0], x, "linear")[0][1] == 0.0


def test_named_tuple_gradient() -> None:
    gradient = sd.grad(lambda p: p[0] * p[1], jit=False)(Point(2.0, 3.0))
    assert gradient == Point(3.0, 2.0)
    assert type(gradient) is Point


def test_names_of_leaves_do_not_clash() -> None:
    def f(p, p_0, p_1):
        return p[0] * p_0 + p[1] * p_1

    assert sd.grad(f, (0, 1, 2), jit=False)((2.0, 3.0), 5.0, 7.0) == ((5.0, 7.0), 2.0, 3.0)


def test_a_leaf_is_named_in_errors() -> None:
    with pytest.raises(sd.TypeInferenceError, match=r"`p\[1\]\[0\]` has the type `set`"):
        sd.grad(lambda p: p[0], jit=False)((1.0, [{1.0}]))
