"""Objects with several names: a change has Python's meaning, or is refused."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

import srcdiff as sd
from tests.finite import check


@dataclass
class State:
    x: Any
    v: Any = 0.5

    def energy(self):
        return self.x * self.x + self.v

    def moved(self, by):
        return State(self.x + by, self.v)


class Pair(NamedTuple):
    a: Any
    b: Any


# ---- right: nobody else sees the change ----


def first_name_is_gone(x):
    d = {"a": x}
    e = d
    d = {"a": 2.0 * x}
    d["a"] *= 3.0
    return d["a"] * e["a"]


def temporary_changed_by_helper(x):
    def changed(d):
        d["a"] = d["a"] * x
        return d

    return changed({"a": x})["a"] * changed({"a": 2.0})["a"]


def closure_sees_the_change(x):
    d = {"a": x}

    def read():
        return d["a"]

    before = read()
    d["a"] = before * x
    return read() * before


def changed_after_copy(x):
    s = State(x)
    t = s.moved(1.0)
    t.x *= 2.0
    s.x = s.x + t.x
    return s.energy() * t.energy()


def one_of_two_fresh_ones(x):
    if x > 0.0:
        d = {"a": x}
    else:
        d = {"a": 2.0 * x}
    d["a"] *= x
    return d["a"]


def keys_while_changing(x):
    d = {"a": x, "b": 2.0}
    for key in d:
        d[key] = d[key] * x
    return d["a"] + d["b"] ** 2


def list_of_fresh_ones(x):
    parts = [{"a": k * x} for k in (1.0, 2.0)]
    parts[0]["a"] = parts[1]["a"] * x
    return parts[0]["a"] * parts[1]["a"]


def fresh_ones_of_one_helper(x):
    def make(k):
        return {"a": k * x}

    total = 0.0
    for k in (1.0, 2.0):
        d = make(k)
        d["a"] += 1.0
        total = total + d["a"] ** 2
    return total


def items_of_a_tuple(x):
    t = ({"a": x}, [x])
    t[0]["a"] = x * x
    t[1][0] += 1.0
    return t[0]["a"] * t[1][0]


def in_both_branches(x):
    d = {"a": x, "b": [x, 1.0]}
    for i in range(3):
        if i % 2 == 0:
            d["a"] += x
            d["b"][0] = d["a"]
        else:
            d["b"][1] *= d["b"][0]
    return d["a"] * d["b"][0] * d["b"][1]


def nested_loops(x):
    s = State(x, [0.0, x])
    for i in range(3):
        for k in range(2):
            s.v[0] += s.v[1] * (i + k)
        s.v[1] = s.v[1] * s.x
        s.x = s.x + 0.1
    return s.v[0] * s.x


@dataclass
class Body:
    x: Any
    v: Any

    def kick(self, force, dt):
        self.v = self.v + dt * force

    def drift(self, dt):
        self.x += dt * self.v
        return self.x

    def step(self, dt):
        self.kick(-self.x, dt)
        moved = self.drift(dt)
        return moved * moved


@dataclass
class System:
    bodies: Any
    time: Any = 0.0

    def step(self, dt):
        for body in self.bodies:
            body.step(dt)
        for k in range(len(self.bodies)):
            self.bodies[k].kick(self.bodies[k - 1].x, dt)
        self.time += dt


def changed_by_methods(x):
    body = Body(x, 1.0)
    total = 0.0
    for _ in range(4):
        energy = body.step(0.1)
        total += energy
        body.kick(x, 0.2)
    return total * body.x


def changed_by_nested_methods(x):
    system = System([Body(x, 1.0), Body(2.0, x)])
    for _ in range(3):
        system.step(0.1)
    return system.bodies[0].x * system.bodies[1].v * system.time


def seen_under_all_names(x):
    system = System([Body(x, 1.0), Body(2.0, x)])
    first, bodies = system.bodies[0], system.bodies
    alias = system
    system.step(0.1)
    first.x += bodies[1].x
    alias.bodies[1].v *= first.x
    alias.time += 1.0
    return system.bodies[0].x * bodies[1].v * system.time * first.v


def assigned_together(x):
    d = {"a": x}
    d["a"], e = 3.0 * x, d
    d["b"], (f, d["a"]) = e["a"], (e, x * x)
    return d["a"] * e["a"] * f["b"]


def changed_through_a_function_argument(x):
    d = {"a": x}

    def change():
        d["a"] = d["a"] * x + 1.0

    def twice(function):
        function()
        function()

    twice(change)
    other = lambda: change()  # noqa: E731
    other()
    return d["a"]


def changed_in_nested_loops(x):
    parts = [{"a": x}, {"a": 2.0}, {"a": 3.0}]
    total = 0.0
    for part in parts:
        for k in (1, 2):
            for other, factor in zip(parts, (1.0, x, 2.0)):  # noqa: B905
                other["a"], total = other["a"] * factor, total + parts[k]["a"]
        part["a"] += total
    return total * sum([part["a"] for part in parts])


def changed_in_one_branch_of_two_names(x):
    d = {"a": x}
    e = d
    if x > 0.5:
        e["a"] = x * x
    return d["a"] * e["a"]


def same_twice(x):
    d = {"a": x}
    parts = [d, d]
    parts[0]["a"] = 3.0
    return parts[1]["a"] * x


def part_of_another(x):
    inner = [x]
    outer = {"a": inner}
    inner[0] = 3.0 * x
    return outer["a"][0]


def view_of_values(x):
    d = {"a": x, "b": 1.0}
    values = d.values()
    d["a"] = 3.0 * x
    return sum(values)


def changed_by_helper(x):
    def change(d):
        d["a"] = 3.0 * x

    d = {"a": x}
    change(d)
    return d["a"]


def changed_by_closure(x):
    d = {"a": x}

    def change():
        d["a"] = 3.0 * x

    change()
    return d["a"]


def while_it_is_run_through(x):
    parts = [x, 2.0]
    total = 0.0
    for k, part in enumerate(parts):
        parts[1] = part * x
        total += part * k
    return total


def loop_variable(x):
    parts = [{"a": x}, {"a": 2.0}]
    for part in parts:
        part["a"] = part["a"] * x
    return parts[0]["a"] * parts[1]["a"]


def longer_for_two_names(x):
    parts = [x]
    alias = parts
    parts += [x]
    return len(alias) * x


def twice_in_a_pair(x):
    def twice(d):
        return Pair(d, d)

    p = twice({"a": x})
    p.a["a"] = 3.0 * x
    return p.b["a"]


RIGHT = [
    first_name_is_gone,
    temporary_changed_by_helper,
    closure_sees_the_change,
    changed_after_copy,
    one_of_two_fresh_ones,
    keys_while_changing,
    list_of_fresh_ones,
    fresh_ones_of_one_helper,
    items_of_a_tuple,
    in_both_branches,
    nested_loops,
    changed_by_methods,
    changed_by_nested_methods,
    seen_under_all_names,
    assigned_together,
    changed_through_a_function_argument,
    changed_in_one_branch_of_two_names,
    changed_in_nested_loops,
    same_twice,
    part_of_another,
    view_of_values,
    changed_by_helper,
    changed_by_closure,
    loop_variable,
    while_it_is_run_through,
    longer_for_two_names,
    twice_in_a_pair,
]


@pytest.mark.parametrize("f", RIGHT)
def test_python_s_meaning(f: Callable[..., Any]) -> None:
    check(f, 0.7)


# ---- refused: somebody may see it ----


def chosen_at_run_time(x):
    d, e = {"a": x}, {"a": 2.0 * x}
    c = d if x > 0.0 else e
    c["a"] = 5.0
    return d["a"] * x


def alias_in_one_branch(x):
    d = {"a": x}
    e = {"a": 1.0}
    if x > 0.0:
        e = d
    d["a"] = 3.0 * x
    return e["a"]


def swapped_in_a_loop(x):
    d, e = {"a": x}, {"a": 2.0 * x}
    for _ in range(3):
        d["a"] += 1.0
        d, e = e, d
    return d["a"] * e["a"] ** 2


def alias_from_the_iteration_before(x):
    d, e = {"a": x}, {"a": 0.0}
    for _ in range(3):
        e["a"] = e["a"] + d["a"]
        e = d
    return e["a"]


def the_one_before(x):
    d, last = {"a": x}, {"a": 0.0}
    for i in range(3):
        last["a"] = 10.0 * i
        last = d
        d = {"a": d["a"] * x}
    return d["a"] * last["a"]


def bound_method(x):
    s = State(x)
    energy = s.energy
    s.x = 3.0 * x
    return energy()


def default_of_inner_function(x):
    def count(d={"a": 0.0}):  # noqa: B006
        d["a"] = d["a"] + x
        return d["a"]

    return count() * count()


def returned_with_a_closure(x):
    def make():
        d = {"a": x}
        return d, lambda: d["a"]

    d, read = make()
    d["a"] = 3.0 * x
    return read()


@dataclass
class Limited:
    x: Any

    def step(self, dt):
        if self.x > 0.0:
            self.x = self.x - dt
        return self.x

    def moved(self, dt):
        self.x = self.x + dt
        return self.x


def changed_in_a_branch_of_a_method(x):
    s = Limited(x)
    s.step(0.1)
    return s.x * s.x


def changed_in_an_expression(x):
    s = Limited(x)
    return Pair(s, s.moved(x)).a.x * x


def changed_in_half_of_an_expression(x):
    s = Limited(x)
    y = s.moved(x) if x > 0.5 else 0.0
    return s.x * y


def changed_in_a_comprehension(x):
    s = Limited(x)
    values = [s.moved(x) for k in (1, 2)]
    return s.x * values[0]


def changed_in_a_condition(x):
    s = Limited(x)
    if s.moved(x) > 1.0:
        return s.x
    return x


def changed_while_waiting(x):
    s = Limited(x)

    def both(a, b):
        return a.x * b

    return both(s, s.moved(x))


def changed_after_both_paths(x):
    d = {"a": x}
    e = d
    if x > 0.5:
        e["a"] = x * x
    d["a"] = 2.0 * d["a"]
    return d["a"] * e["a"]


def two_names_in_a_loop(x):
    d = {"a": x}
    e = d
    for _ in range(3):
        d["a"] = d["a"] * x
    return e["a"]


def longer_while_run_through(x):
    parts = [x]
    for part in parts:
        parts += [part]
    return sum(parts)


REASONS = (
    "may be the same as one that",
    "belongs to a function that called",
    "changes its length",
)

REFUSED = [
    chosen_at_run_time,
    alias_in_one_branch,
    swapped_in_a_loop,
    alias_from_the_iteration_before,
    the_one_before,
    bound_method,
    default_of_inner_function,
    returned_with_a_closure,
    changed_in_a_branch_of_a_method,
    changed_in_an_expression,
    changed_in_half_of_an_expression,
    changed_in_a_comprehension,
    changed_in_a_condition,
    changed_while_waiting,
    changed_after_both_paths,
    two_names_in_a_loop,
    longer_while_run_through,
]


@pytest.mark.parametrize("f", REFUSED)
def test_refused(f: Callable[..., Any]) -> None:
    with pytest.raises(sd.TypeInferenceError, match="|".join(REASONS)):
        sd.grad(f, jit=False)(0.7)


def same_argument_twice(p, q):
    p["a"] = 2.0 * q["a"]
    return q["a"]


def test_arguments_stay() -> None:
    d = {"a": 1.0}
    with pytest.raises(sd.TypeInferenceError, match="was passed as an argument"):
        sd.grad(same_argument_twice, jit=False)(d, d)


# ---- classes that do more than hold their fields ----


class Vector(NamedTuple):
    x: Any
    y: Any

    def __abs__(self):
        return self.x

    def __iadd__(self, other):
        return Vector(2.0 * self.x, self.y)

    def __add__(self, other):
        return Vector(self.x + other.x, self.y + other.y)


def absolute(x):
    return abs(Vector(x, x))


def added_in_place(x):
    v = Vector(x, x)
    v += v
    return v.x


def added_by_operator(x):
    return operator.add((x, x), (x, 2.0))[3]


@dataclass
class Doubling:
    x: float

    def __setattr__(self, name: str, value: Any) -> None:
        object.__setattr__(self, name, 2.0 * value)


def set_by_own_code(x):
    return Doubling(x).x


class Tripling(NamedTuple("Tripling", [("x", float)])):
    def __new__(cls, x: Any) -> "Tripling":
        return super().__new__(cls, 3.0 * x)


def made_by_own_code(x):
    return Tripling(x).x


@pytest.mark.parametrize(
    "f", [absolute, added_in_place, added_by_operator, set_by_own_code, made_by_own_code]
)
def test_own_code_is_not_passed_over(f: Callable[..., Any]) -> None:
    with pytest.raises(sd.SrcdiffError):
        sd.grad(f, jit=False)(0.7)


class Guarded:
    """Made a dataclass below, with its own way to read fields."""

    x: float

    def __getattribute__(self, name: str) -> Any:
        found = object.__getattribute__(self, name)
        return 2.0 * found if name == "x" else found


def test_own_way_to_read_fields() -> None:
    with pytest.raises(sd.TypeInferenceError, match="__getattribute__"):
        sd.grad(lambda p: p.x, jit=False)(dataclass(Guarded)(1.0))  # type: ignore[call-arg]


def test_a_tree_that_contains_itself() -> None:
    own: list[Any] = [1.0]
    own.append(own)
    with pytest.raises(sd.TypeInferenceError, match="contains itself"):
        sd.grad(lambda p: p[0], jit=False)(own)


def test_keys_that_are_no_names() -> None:
    p = {"a b": 2.0, "": 3.0, "1": 4.0, "class": 5.0, "é": 1.0}

    def f(p):
        q = dict(p)
        for _ in range(2):
            q["a b"] += q["é"] * q["class"]
        if q["1"] > 0.0:
            q["x y"] = q["1"] * q[""]
        else:
            q["x y"] = q["1"]
        return q["a b"] * q["x y"]

    check(f, p)
    check(f, p, jit=True)
