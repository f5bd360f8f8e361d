"""Generated text as a Python function: as it stands for Numba, or with NumPy's floats to run.

`plain` makes floating-point errors follow NumPy. Python's own floats and ints raise on `1 / 0.0`,
`0.0 ** -1` and `math.log(-1)`, and `(-8.0) ** 0.5` is complex; compiled code gives inf and nan.

    y = a / n + 0.5        ->      y = _divide(a, n) + _float_0  # _float_0 = np.float64(0.5)
    y **= 2                ->      y = _power_in_place(y, 2)
"""

import ast
import functools
import linecache
import math
import operator
from collections.abc import Callable, Mapping
from types import CodeType, FunctionType, SimpleNamespace
from typing import Any

import numpy as np

from srcdiff import runtime

Operation = Callable[[Any, Any], Any]


def load(
    text: str,
    name: str,
    namespace: Mapping[str, object],
    filename: str,
    change: Callable[[ast.Module], ast.Module] = lambda tree: tree,
) -> FunctionType:
    """Execute generated `text` in a copy of `namespace` and return the function called `name`.

    pdb finds the text only if `filename` is absolute or looks like `<this>`. What runs is `change`
    of it, whose lines are those of the text.
    """
    remember(text, filename)
    tree = change(ast.parse(text, filename))
    return _execute(compile(tree, filename, "exec"), name, namespace)


def plain(
    text: str, name: str, namespace: Mapping[str, object], filename: str
) -> Callable[..., Any]:
    """Load `text` to be run as Python, with floating-point errors that follow NumPy.

    The code that runs has the line numbers of `text`. Python floats among the arguments become
    `np.float64`; ints and bools stay what they are.
    """
    remember(text, filename)
    rewriter = _Rewriter()
    tree = ast.fix_missing_locations(rewriter.visit(ast.parse(text, filename)))
    names = _plain_namespace(namespace) | rewriter.constants | HELPERS
    function = _execute(compile(tree, filename, "exec"), name, names)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        with np.errstate(all="ignore"):
            return function(
                *map(_numpy_float, args), **{key: _numpy_float(v) for key, v in kwargs.items()}
            )

    return call


def remember(text: str, filename: str) -> None:
    """Register `text` with linecache, for pdb, tracebacks and inspect."""
    # An entry without a modification time is what linecache.checkcache leaves alone.
    linecache.cache[filename] = (len(text), None, text.splitlines(keepends=True), filename)


def functions_beside(function: FunctionType) -> list[FunctionType]:
    """Return the other functions of the text that `function` was loaded from."""
    file = function.__code__.co_filename
    return [
        other
        for other in function.__globals__.values()
        if isinstance(other, FunctionType)
        and other is not function
        and other.__code__.co_filename == file
    ]


def _execute(code: CodeType, name: str, namespace: Mapping[str, object]) -> FunctionType:
    # Numba's caches import the module that a function says it lives in.
    names: dict[str, Any] = {"__name__": runtime.__name__, **namespace}
    exec(code, names)
    function: FunctionType = names[name]
    return function


def _numpy_float(value: Any) -> Any:
    if type(value) is float:
        return np.float64(value)
    if type(value) is tuple:
        return tuple(map(_numpy_float, value))
    return value


def _plain_namespace(namespace: Mapping[str, object]) -> dict[str, object]:
    names = {"float": np.float64, "pow": power, **namespace}
    return {name: _TWINS.get(id(value), value) for name, value in names.items()}


class _Rewriter(ast.NodeTransformer):
    """Replaces float literals and the four operators that differ between Python and NumPy."""

    def __init__(self) -> None:
        self.constants: dict[str, object] = {}

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if type(node.value) is not float:
            return node
        name = f"_float_{len(self.constants)}"
        self.constants[name] = np.float64(node.value)
        return ast.copy_location(ast.Name(name, ast.Load()), node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        self.generic_visit(node)
        if type(node.op) not in OPERATORS:
            return node
        return _call(OPERATORS[type(node.op)], [node.left, node.right], node)

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.stmt:
        self.generic_visit(node)
        if type(node.op) not in OPERATORS:
            return node
        # A target is a name or an element; the index of an element is evaluated twice, which
        # generated text, whose indices are pure, cannot tell.
        old = ast.parse(ast.unparse(node.target), mode="eval").body
        value = _call(f"{OPERATORS[type(node.op)]}_in_place", [old, node.value], node)
        return ast.copy_location(ast.Assign([node.target], value), node)


def _call(name: str, args: list[ast.expr], where: ast.AST) -> ast.expr:
    function = ast.copy_location(ast.Name(name, ast.Load()), where)
    return ast.copy_location(ast.Call(function, args, []), where)


def divide(a: Any, b: Any) -> Any:
    """Return `a / b`; Python ints divide as float64."""
    if isinstance(a, int) and isinstance(b, int):
        return np.float64(a) / np.float64(b)
    return _numpy_float(a) / _numpy_float(b)


def floor_divide(a: Any, b: Any) -> Any:
    """Return `a // b`; 0 where an int is divided by the int 0."""
    if isinstance(a, int) and isinstance(b, int):
        return a // b if b else 0
    return _numpy_float(a) // _numpy_float(b)


def remainder(a: Any, b: Any) -> Any:
    """Return `a % b`; 0 where an int is divided by the int 0."""
    if isinstance(a, int) and isinstance(b, int):
        return a % b if b else 0
    return _numpy_float(a) % _numpy_float(b)


def power(a: Any, b: Any) -> Any:
    """Return `a ** b`; a float where a Python int has a negative exponent, never complex."""
    if isinstance(a, int) and isinstance(b, int):
        return a**b if b >= 0 else np.float64(a) ** b
    return _numpy_float(a) ** _numpy_float(b)


def _in_place(scalar: Operation, array: Operation) -> Operation:
    def update(a: Any, b: Any) -> Any:
        return array(a, b) if isinstance(a, np.ndarray) else scalar(a, b)

    return update


OPERATORS: dict[type[ast.operator], str] = {
    ast.Div: "_divide",
    ast.FloorDiv: "_floor_divide",
    ast.Mod: "_remainder",
    ast.Pow: "_power",
}

HELPERS: dict[str, object] = {
    "_divide": divide,
    "_floor_divide": floor_divide,
    "_remainder": remainder,
    "_power": power,
    "_divide_in_place": _in_place(divide, operator.itruediv),
    "_floor_divide_in_place": _in_place(floor_divide, operator.ifloordiv),
    "_remainder_in_place": _in_place(remainder, operator.imod),
    "_power_in_place": _in_place(power, operator.ipow),
}


def _widened(ufunc: Callable[..., Any]) -> Callable[..., Any]:
    """Compute on float64 what is not a NumPy number: `np.sqrt(True)` would be a float16."""

    def call(*args: Any) -> Any:
        return ufunc(*(np.float64(x) if isinstance(x, (int, float)) else x for x in args))

    return call


def _forgiving(function: Callable[[float], float], outside: float) -> Callable[[float], Any]:
    """Return `outside` where `function` raises for its argument, and inf where it overflows."""

    def call(x: float) -> Any:
        try:
            return np.float64(function(x))
        except ValueError:
            return np.float64(outside)
        except OverflowError:
            return np.float64(np.inf)

    return call


def _log(x: Any, *base: Any) -> Any:
    return _widened(np.log)(x) / _widened(np.log)(*base) if base else _widened(np.log)(x)


_SAME = "sqrt exp expm1 log2 log10 log1p sin cos tan sinh cosh tanh fabs fmod copysign hypot"
_ARC = "asin acos atan atan2 asinh acosh atanh"
_MATH: dict[str, Callable[..., Any]] = {
    **{name: _widened(getattr(np, name)) for name in _SAME.split()},
    **{name: _widened(getattr(np, f"arc{name[1:]}")) for name in _ARC.split()},
    "log": _log,
    "pow": _widened(np.power),
    "gamma": _forgiving(math.gamma, np.nan),
    "lgamma": _forgiving(math.lgamma, np.inf),
}

# The module `math`, its functions and the functions of ours, each by its plain twin. Everything
# here lives as long as the process, so that an id names one object.
_TWINS: dict[int, object] = {
    id(math): SimpleNamespace(**(vars(math) | _MATH)),
    **{id(getattr(math, name)): twin for name, twin in _MATH.items()},
    **{id(value): runtime.PLAIN_NAMES[name] for name, value in runtime.NAMES.items()},
}
