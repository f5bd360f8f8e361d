"""Trees inside functions and as results: made, read, changed and carried by loops and branches."""

import dataclasses
from collections import namedtuple
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pytest

import srcdiff as sd
from tests.finite import assert_same, check

X = np.array([0.3, -1.2, 2.0])


class Pair(NamedTuple):
    a: Any
    b: Any = 3.0


@dataclass
class State:
    x: Any
    v: Any = 0.5
    trace: list[Any] = field(default_factory=list)


@dataclass(frozen=True)
class Fixed:
    state: State
    scale: float = 2.0


# ---- made ----


def displays(x):
    d = {"a": x, "b": {"c": [x * x, 2.0]}}
    e = {**d, "a": 3.0 * x, "d": dict(q=x)}  # noqa: C408
    return d["a"] * e["a"] + e["b"]["c"][0] * d["b"]["c"][1] + e["d"]["q"]


def named(x):
    p, q = Pair(x), Pair(b=x, a=2.0)
    r = p._replace(b=q.b * x)
    return p.b * r.a + q.a * r.b + r._asdict()["b"] + Pair(*r).a + Pair(**r._asdict()).b


def instances(x):
    s = State(x, v=x * x)
    t = replace(s, x=2.0 * s.v)
    u = dataclasses.replace(Fixed(t), scale=x)
    return s.x * t.x * u.scale + u.state.v + len(s.trace)


def lists(x):
    parts = [x * k for k in (1.0, 2.0)] + [x]
    first, second = parts[:2]
    return first * second * parts[-1] + sum(parts[1:]) + len(list(parts) + [1]) * max(parts)


def comprehensions(x):
    p = {"a": x, "b": 2.0 * x}
    for _ in range(3):
        p = {key: value * x - 0.1 for key, value in p.items()}
    q = {key: [x * k for k in (1, 2)] for key in sorted(p)}
    return p["a"] * p["b"] + sum(q["a"]) * q["b"][-1]


def numbered(x):
    layers = [{"w": x, "b": 1.0}, {"w": 2.0, "b": x}]
    total = x
    for i in range(len(layers)):
        total = np.tanh(layers[i]["w"] * total + layers[i]["b"])
    for i in range(len(layers) - 1):
        total += layers[i + 1]["b"] * layers[i]["w"]
    pair = Pair(x, x * x)
    for k in range(2):
        total += pair[k] * (k + 1)
        layers[k]["w"] = total
    return total + layers[0]["w"] * layers[1]["w"]


@pytest.mark.parametrize("f", [displays, named, instances, lists, comprehensions, numbered])
def test_made(f: Any) -> None:
    check(f, 0.7)


# ---- changed ----


def dict_changes(x):
    d = {"a": x, "n": 0}
    d["a"] = d["a"] * 2.0
    d["a"] *= x
    d["n"] += 3
    d["new"] = d["a"] * d["n"]
    return d["new"] * len(d)


def list_changes(x):
    parts = [x, 2.0 * x]
    parts[0] = parts[1] * x
    parts[-1] += 1.0
    parts += [x]
    return parts[0] * parts[1] * parts[2]


def field_changes(x):
    s = State(x)
    s.x = s.x * s.v
    s.v += x
    inner = Fixed(s)
    return s.x * s.v * inner.state.x


def deep_changes(x):
    p = Pair({"l": [x, State(x)]}, 1.0)
    p.a["l"][0] = 3.0 * x
    p.a["l"][1].v = x * p.a["l"][0]
    return p.a["l"][0] * p.a["l"][1].v


def arrays_in_dicts(x):
    d = {"a": x * x, "b": x}
    alias = d["a"]
    d["a"] += 1.0
    d["a"][0] *= 3.0
    d["a"][1:] = d["b"][1:] * d["a"][:-1]
    return np.sum(d["a"]) + alias[0]


def copies(x):
    d = {"a": x}
    e, f, g = dict(d), d.copy(), {**d}
    e["a"] = 2.0 * x
    f["a"] *= x
    g["a"] = e["a"] * f["a"]
    parts = [x]
    others = list(parts)
    others[0] = x * x
    return d["a"] + e["a"] + f["a"] * g["a"] + parts[0] * others[0] + parts[:][0]


def helper_makes(x):
    def make(scale):
        d = {"x": scale * x}
        d["y"] = d["x"] ** 2
        return d

    first, second = make(2.0), make(3.0)
    first["x"] = 0.5 * first["x"]
    return first["x"] * second["x"] + first["y"] * second["y"]


CHANGES = [dict_changes, list_changes, field_changes, deep_changes, copies, helper_makes]


@pytest.mark.parametrize("f", CHANGES)
def test_changed(f: Any) -> None:
    check(f, 0.7)


def test_arrays_in_dicts_are_changed_in_place() -> None:
    check(arrays_in_dicts, X)


# ---- branches and loops ----


def branch(x, n):
    d = {"a": x, "s": 1.0}
    if x > 0.5:
        d["a"] = x * x
        d["s"] += x
    else:
        d = {"a": 3.0 * x, "s": x}
    e = Pair(x) if x < n else Pair(2.0 * x, x)
    return d["a"] * d["s"] * e.a + e.b


def loop(x, n):
    d = {"s": 0.0, "x": x, "name": "run", "w": X}
    s = State(x)
    for i in range(n):
        d["s"] += d["x"] * s.v
        s.v = s.v * d["w"][i % 3] + x
        if i % 2 == 0:
            d["x"] = d["x"] * 1.5
    return d["s"] * s.v


def while_loop(x, n):
    p = Pair(x, 0)
    while p.b < n:
        p = Pair(p.a * x, p.b + 1)
    return p.a


def loop_of_fresh(x, n):
    total = 0.0
    for i in range(n):
        d = {"a": x * i}
        d["a"] += 1.0
        total += d["a"] ** 2
    return total


def array_state(x, n):
    state = {"x": x, "t": 0.0}
    for _ in range(n):
        state = {"x": np.tanh(state["x"]) * 1.1, "t": state["t"] + np.sum(state["x"])}
    return state["t"] * np.sum(state["x"])


def unrolled(x, n):
    total = 0.0
    for key, scale in {"a": 1.0, "b": n}.items():
        for k, item in enumerate([x, x * x], 1):
            total += item * scale * k * (2.0 if key == "b" else 1.0)
    for one, two in zip([x, 1.0], (2.0, x)):  # noqa: B905
        total += one * two
    return total


@pytest.mark.parametrize("jit", [False, True])
@pytest.mark.parametrize("f", [branch, loop, while_loop, loop_of_fresh, unrolled])
def test_branches_and_loops(f: Any, jit: bool) -> None:
    check(f, 0.3, 4, jit=jit)
    check(f, 0.7, 4, jit=jit)


def test_arrays_that_loops_carry() -> None:
    check(array_state, X, 3)


def test_what_no_iteration_changes_is_not_carried() -> None:
    text = sd.grad(loop, jit=False).source(0.3, 4)
    assert "d_s" in text
    assert "d_w" not in text


# ---- results ----


def results(x):
    return {"pair": Pair(x * x, None), "list": [2.0 * x, ("text", True)], "state": State(x, 1)}


@pytest.mark.parametrize("jit", [False, True])
def test_results_are_trees(jit: bool) -> None:
    out, back = sd.vjp(results, 3.0, jit=jit)
    assert_same(out, results(3.0), 0.0)
    seeds = {
        "list": [10.0, (None, None)],
        "state": State(1.0, None, []),
        "pair": Pair(100.0, None),
    }
    assert back(seeds) == (621.0,)
    pulled = sd.pullback(results, jit=jit)(seeds, 3.0)
    assert_same(pulled, (results(3.0), 621.0), 0.0)


def test_cotangents_of_another_tree() -> None:
    _, back = sd.vjp(lambda x: Pair(x, x), 3.0, jit=False)
    for wrong in ((1.0, 1.0), {"a": 1.0, "b": 1.0}, 1.0, Pair(1.0, (1.0,))):
        with pytest.raises(sd.TypeInferenceError, match="tree"):
            back(wrong)


def test_aux_is_a_tree() -> None:
    def f(x):
        return x * x, {"y": Pair(x, [x])}

    gradient, aux = sd.grad(f, has_aux=True, jit=False)(3.0)
    assert (gradient, aux) == (6.0, {"y": Pair(3.0, [3.0])})


def test_lists_come_back_as_lists() -> None:
    out, _ = sd.vjp(lambda x: [x, [x * k for k in (1, 2)]], 2.0, jit=False)
    assert out == [2.0, [2.0, 4.0]]


# ---- isinstance ----


def by_class(p, x):
    if isinstance(p, Pair):
        return p.a * x
    if isinstance(p, (dict, list)):
        return p["a"] * x * 2.0
    return np.sum(p) * x if isinstance(p, np.ndarray) else x


def test_isinstance() -> None:
    check(by_class, Pair(2.0), 3.0)
    check(by_class, {"a": 2.0}, 3.0)
    check(by_class, X, 3.0)
    assert sd.grad(by_class, 1, jit=False)(None, 3.0) == 1.0
    assert sd.grad(by_class, 1, jit=False)(State(1.0), 3.0) == 1.0


# ---- what was wrong before ----


def test_names_that_become_something_else_in_a_loop() -> None:
    def first(x, n):
        mode = None
        total = 0.0
        for i in range(n):
            total += x[i] if mode is None else 2.0 * x[i]
            mode = "x"
        return total

    def smallest(x):
        best = None
        for i in range(x.shape[0]):
            if best is None or x[i] < best:
                best = x[i]
        return best

    def turned(x, n):
        t = (x[0], (x[1], x[2]))
        for _ in range(n):
            t = ((t[0], t[1][0]), t[1][1])
        return t[0]

    for f, args in ((first, (X, 3)), (smallest, (X,)), (turned, (X, 2))):
        with pytest.raises(sd.TypeInferenceError, match="before th"):
            sd.grad(f, jit=False)(*args)


ROWS, CHOSEN = [0, 2], [True, False, True]
Place = namedtuple("Place", "row column")


def test_a_list_is_no_tuple_as_an_index() -> None:
    def f(x):
        rows = {"k": [2, 0]}
        y = x[[0, 1]] * x[ROWS] + x[CHOSEN] * x[rows["k"]]
        y[[1, 0]] += 2.0 * x[[[0], [2]], [0, 1, 2]]
        np.add.at(y, [0, 0], x[1])
        np.add.at(y, (0, [1, 1]), x[(2, [0, 1])])
        return np.sum(y * y) + x[(0, 1)] * x[Place(1, 2)] + np.sum(np.take(x, [0, 0]) ** 3)

    check(f, np.linspace(-1.0, 2.0, 9).reshape(3, 3))


def test_a_list_of_indices_whose_length_is_known_at_run_time() -> None:
    def f(x, n):
        places = [2 * i for i in range(n)]
        return np.sum(x[places] * x[[i + 1 for i in range(n)]])

    check(f, np.linspace(-1.0, 2.0, 5), 3)


def test_a_list_takes_no_arrays_as_indices() -> None:
    def f(x):
        parts = [x[i] * x[i] for i in range(x.shape[0])]
        return np.sum(parts[np.array([0, 1])])

    with pytest.raises(sd.TypeInferenceError, match="no arrays as indices"):
        sd.grad(f, jit=False)(np.ones(3))


def test_masks_in_records() -> None:
    def f(x):
        d = {"w": x * 1.0}
        d["w"][x > 1.5] = d["w"][0]
        d["w"][[0, 1]] *= x[1]
        d["w"][d["w"] < 0.0] += 1.0
        return np.sum(d["w"] ** 2)

    check(f, np.array([1.0, 2.0, 3.0, -1.0]))
