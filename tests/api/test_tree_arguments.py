"""Trees as arguments: what a function may do with dicts, named tuples, dataclasses and objects."""

import dataclasses
import functools
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
import pytest

import srcdiff as sd
from tests.finite import check

X = np.array([0.3, -1.2, 2.0])


class Point(NamedTuple):
    x: Any
    y: Any = 2.0

    @property
    def norm(self):
        return np.sqrt(self.x * self.x + self.y * self.y)

    def scaled(self, factor):
        return Point(self.x * factor, self.y * factor)

    def __sub__(self, other):
        return Point(self.x - other.x, self.y - other.y)

    def __mul__(self, factor):
        return self.scaled(factor)

    def __rmul__(self, factor):
        return self.scaled(factor)

    def __neg__(self):
        return Point(-self.x, -self.y)


@dataclass
class Layer:
    w: Any
    b: Any = 0.5
    kind: str = "tanh"
    power: ClassVar[int] = 2

    def __call__(self, x):
        y = self.w @ x + self.b
        return np.tanh(y) if self.kind == "tanh" else y**self.power

    @property
    def size(self):
        return np.sum(self.w * self.w)

    @staticmethod
    def half(x):
        return 0.5 * x

    @classmethod
    def cubed(cls, x):
        return cls.half(x) ** 3


@dataclass(frozen=True)
class Model:
    first: Layer
    rest: Any
    name: str = "model"

    def loss(self, x):
        for layer in (self.first, *self.rest):
            x = layer(x)
        return np.sum(x * x)


def layer(seed: int, kind: str = "tanh") -> Layer:
    random = np.random.default_rng(seed)
    return Layer(random.normal(size=(3, 3)), 0.1 * seed, kind)


# ---- dicts ----


def dict_items(p):
    return np.sum(p["w"] * p["w"]) * p["b"] + p["deep"]["c"][1]


def dict_loops(p):
    total = 0.0
    for key in p:
        total += 2.0 * p[key]
    for key, value in p.items():
        total += value**3 if key == "a" else value
    for key in p.keys():  # noqa: SIM118
        total += p[key] * len(p)
    for value in p.values():
        total += value * value
    return total + sum(p.values()) + max(p.values())


def dict_questions(p):
    total = p["a"]
    if "b" in p:
        total = total * p["b"]
    if "c" not in p and p:
        total = total * p.get("c", 3.0) + p.get("a", 7.0)
    if p.get("c") is None:
        total = total + 1.0
    return total * sum([p[key] for key in sorted(p)])


def dict_spread(p, x):
    def inner(w, x, b=2.0):
        return np.sum(w * x) * b

    return inner(x=x, **p) + dict(p, w=2.0 * p["w"])["w"][0]


def test_dicts() -> None:
    check(dict_items, {"w": X, "b": 2.0, "deep": {"c": [1.0, 3.0], "name": "x"}})
    check(dict_loops, {"a": 2.0, "b": 0.5})
    check(dict_questions, {"b": 2.0, "a": 0.5})
    check(dict_spread, {"w": X}, X)
    check(dict_spread, {"b": 3.0, "w": X}, X)


def test_order_of_keys() -> None:
    df = sd.grad(lambda p: p["a"] ** 2 * p["b"], jit=False)
    assert list(df({"b": 3.0, "a": 2.0})) == ["b", "a"]
    assert df({"b": 3.0, "a": 2.0}) == df({"a": 2.0, "b": 3.0}) == {"a": 12.0, "b": 4.0}


# ---- named tuples ----


def named_fields(p):
    x, y = p
    return p.x * p.y + p[0] * p[-1] + x**2 * y + len(p) + sum(p) + sum(p[:1])


def named_methods(p, q):
    difference = p - 2.0 * q * 3.0
    return difference.norm * p.scaled(2.0).x + (-p).y + p._replace(x=q.y).norm


def named_as_array(p):
    return np.sum(np.array(p) * np.array([1.0, 3.0])) * max(p)


def test_named_tuples() -> None:
    check(named_fields, Point(2.0, 3.0))
    check(named_methods, Point(2.0, 3.0), Point(0.1, 0.2))
    check(named_as_array, Point(2.0, 3.0))


# ---- dataclasses ----


def layer_fields(layer, x):
    y = layer(x) if layer.kind == "tanh" else layer(2.0 * x)
    return np.sum(y) * layer.size + Layer.half(layer.b) + layer.half(layer.b) * layer.power


def by_class_method(layer):
    return layer.cubed(layer.b) + Layer.cubed(layer.w)


def by_method(model, x):
    return model.loss(x) + model.first.b * model.rest[0].b


def test_dataclasses() -> None:
    check(layer_fields, layer(1), X)
    check(layer_fields, layer(2, "power"), X)
    check(by_class_method, Layer(2.0, 3.0))
    check(by_method, Model(layer(1), [layer(2), layer(3, "power")]), X)
    check(by_method, Model(layer(1), (layer(2),)), X, jit=True)


def test_gradients_are_dataclasses() -> None:
    model = Model(layer(1), [layer(2)])
    gradient = sd.grad(by_method, jit=False)(model, X)
    assert type(gradient) is Model
    assert type(gradient.rest[0]) is Layer
    assert (gradient.name, gradient.first.kind) == (None, None)


def test_gradients_do_not_run_init() -> None:
    @dataclass
    class Checked:
        w: float
        made: int = dataclasses.field(default=0, init=False)

        def __post_init__(self) -> None:
            if self.w is None:
                raise AssertionError

    gradient = sd.grad(lambda p, x: x * x, argnums=1, jit=False)(Checked(1.0), 2.0)
    assert gradient == 4.0
    assert sd.grad(lambda p: 3.0 * p.w, jit=False)(Checked(1.0)).w == 3.0


def test_an_attribute_that_hides_one_of_the_class() -> None:
    one = Layer(2.0)
    one.power = 3  # type: ignore[misc]
    with pytest.raises(sd.TypeInferenceError, match="hides"):
        sd.grad(lambda p: p.w, jit=False)(one)


def test_two_classes_of_one_name() -> None:
    """Classes are told apart by what they are, not by what they are called."""

    def make(factor: float) -> Any:
        @dataclass
        class Scaled:
            w: Any

            def value(self):
                return factor * self.w

        return Scaled

    df = sd.grad(lambda p: p.value() ** 2, jit=False)
    assert df(make(2.0)(1.0)).w == 8.0
    assert df(make(3.0)(1.0)).w == 18.0


# ---- methods and objects of the surroundings ----


class Regression:
    """An ordinary object: its attributes are constants and live arrays."""

    def __init__(self) -> None:
        self.data = X.copy()
        self.scale = 2.0
        self.parts = {"shift": 0.5, "layers": [layer(1), layer(2)]}

    def predict(self, w):
        return self.scale * np.sum(w * self.data) + self.parts["shift"]

    def loss(self, w):
        error = self.predict(w)
        for each in self.parts["layers"]:
            error = error + np.sum(each(w)) * each.b
        for k in range(len(self.parts["layers"])):
            error = error * self.parts["layers"][k].b
        return error * error


def test_bound_methods_read_attributes_live() -> None:
    model = Regression()
    df = sd.grad(model.loss, jit=False)
    for _ in range(2):
        before = df(X)
        check(lambda w: model.loss(w), X)
        np.testing.assert_array_equal(before, sd.grad(lambda w: model.loss(w), jit=False)(X))
        model.scale = 3.0
        model.data[0] = 7.0
        model.parts["shift"] = 4.0
        model.parts["layers"].append(layer(3))


def test_bound_method_of_a_dataclass() -> None:
    model = Model(layer(1), [layer(2)])
    gradient = sd.grad(model.loss, jit=False)(X)
    np.testing.assert_array_equal(gradient, sd.grad(Model.loss, argnums=1, jit=False)(model, X))


SETTINGS = {"scale": 2.0, "powers": [1, 2]}
ORIGIN = Point(0.5, 1.5)


def with_settings(x):
    total = 0.0
    for power in SETTINGS["powers"]:
        total += x**power
    if "shift" in SETTINGS:
        total += SETTINGS["shift"] * x
    near_x, _ = ORIGIN
    return SETTINGS["scale"] * total * ORIGIN.y * near_x + len(SETTINGS["powers"])


def test_what_stays_is_not_made_again() -> None:
    df = sd.grad(with_settings, jit=False)
    model_grad = sd.grad(Regression().loss, jit=False)
    for _ in range(3):
        df(3.0)
        model_grad(X)
    assert [len(found) for found in df._variants.values()] == [1]
    assert [len(found) for found in model_grad._variants.values()] == [1]


def test_trees_of_the_surroundings_are_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    check(with_settings, 3.0)
    monkeypatch.setitem(SETTINGS, "scale", 5.0)
    check(with_settings, 3.0)
    monkeypatch.setitem(SETTINGS, "shift", 2.0)
    check(with_settings, 3.0)
    monkeypatch.setitem(SETTINGS, "powers", [1, 2, 3])
    check(with_settings, 3.0)


# ---- ways to pass arguments ----


def open_ended(x, *rest, scale=2.0, **more):
    total = scale * x
    for k, part in enumerate(rest):
        total += part * part * (k + 1)
    for name, value in more.items():
        total += value * (3.0 if name == "a" else 1.0)
    return total * len(rest)


def keywords_only(x, *, w, b=2.0):
    return x * w["a"] * b


def test_ways_to_pass() -> None:
    assert sd.grad(open_ended, (0, 1, 2), jit=False)(1.0, 2.0, 3.0) == (4.0, 8.0, 24.0)
    assert sd.grad(open_ended, "scale", jit=False)(5.0, 1.0, scale=3.0) == 5.0
    assert sd.grad(open_ended, ("a", "b"), jit=False)(1.0, 2.0, a=1.0, b=2.0) == (3.0, 1.0)
    df = sd.grad(keywords_only, ("w", "x"), jit=False)
    assert df(3.0, w={"a": 5.0}) == ({"a": 6.0}, 10.0)
    assert df(3.0, w={"a": 5.0}, b=1.0) == ({"a": 3.0}, 5.0)


def apply_all(functions, x):
    for function in functions:
        x = function(x)
    return x


def test_functions_as_parts_of_trees_inside() -> None:
    def f(x):
        table = {"square": lambda y: y * y, "sin": np.sin}
        return apply_all([table["square"], table["sin"]], x) + table["square"](x)

    check(f, 0.7)
    check(functools.partial(lambda p, x: p.x * x, ORIGIN), 0.7)
