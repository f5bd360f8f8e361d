"""The meaning of the IR: a direct interpreter, to hold generated text against."""

from typing import Any

import numpy as np

from srcdiff.ir.nodes import (
    Alloc,
    Block,
    Broadcast,
    Call,
    Const,
    For,
    Function,
    Guard,
    If,
    Increment,
    Index,
    Load,
    Operand,
    Reshape,
    Slice,
    Store,
    Transpose,
    Value,
    View,
    While,
)

Environment = dict[Value, Any]


def run(function: Function, *args: Any) -> tuple[Any, ...]:
    """Return the results of `function`."""
    env: Environment = dict(zip(function.params, args, strict=True))
    _block(function.body, env)
    return tuple(_get(result, env) for result in function.results)


def _get(operand: Operand, env: Environment) -> Any:
    if isinstance(operand, Const):
        return operand.type.dtype.type(operand.value)
    return env[operand]


def _block(block: Block, env: Environment) -> None:
    for statement in block.statements:
        match statement:
            case If():
                _branch(statement, env)
            case For() | While():
                _loop(statement, env)
            case _:
                _simple(statement, env)


def _simple(statement: Any, env: Environment) -> None:
    match statement:
        case Call(out=out, function=function, args=args, static=static):
            values = [_get(arg, env) for arg in args]
            axis = dict(static).get("axis")
            if function is np.shape:
                env[out] = values[0].shape[axis]
            else:
                env[out] = function(*values, **dict(static))
        case Alloc(out=out, fill=fill):
            shape = tuple(_get(extent, env) for extent in out.shape)
            value = 0 if fill is None else _get(fill, env)
            env[out] = np.full(shape, value, out.type.dtype)
        case View(out=out, ref=ref, how=how):
            env[out] = _view(env[ref], how, out.shape, env)
        case Load(out=out, ref=ref, indices=indices):
            env[out] = env[ref][tuple(_get(index, env) for index in indices)]
        case Store(ref=ref, indices=indices, value=value):
            place = tuple(_get(index, env) for index in indices) or ...
            env[ref][place] = _get(value, env)
        case Increment(ref=ref, indices=indices, value=value):
            place = tuple(_get(index, env) for index in indices) or ...
            env[ref][place] = env[ref][place] + _get(value, env)
        case Guard(condition=condition, error=error, message=message):
            if not _get(condition, env):
                raise error(message)


def _view(array: Any, how: Any, shape: tuple[Operand, ...], env: Environment) -> Any:
    match how:
        case Index(items=items):
            return array[tuple(_item(item, env) for item in items)]
        case Transpose(axes=axes):
            return array.transpose(axes)
        case Reshape():
            return array.reshape(tuple(_get(extent, env) for extent in shape))
        case Broadcast():
            return np.broadcast_to(array, tuple(_get(extent, env) for extent in shape))


def _item(item: Any, env: Environment) -> Any:
    match item:
        case Slice(start=start, stop=stop, step=step):
            parts = (start, stop, step)
            return slice(*(None if part is None else _get(part, env) for part in parts))
        case Value() | Const():
            return _get(item, env)
        case _:
            return None


def _branch(statement: If, env: Environment) -> None:
    taken = bool(_get(statement.condition, env))
    _block(statement.then if taken else statement.orelse, env)
    sides = [_get(join.then if taken else join.orelse, env) for join in statement.joins]
    env.update(zip((join.out for join in statement.joins), sides, strict=True))


def _loop(loop: For | While, env: Environment) -> None:
    phis = [_get(entry.init, env) for entry in loop.carried]
    trips = 0
    indices = range(0)
    if isinstance(loop, For):
        indices = range(*(int(_get(b, env)) for b in (loop.start, loop.stop, loop.step)))
    while True:
        env.update(zip((entry.phi for entry in loop.carried), phis, strict=True))
        if isinstance(loop, For):
            if trips == len(indices):
                break
            env[loop.index] = indices[trips]
        else:
            _block(loop.head, env)
            if not _get(loop.condition, env):
                break
        trips += 1
        _block(loop.body, env)
        phis = [_get(entry.next, env) for entry in loop.carried]
        if loop.leave is not None and _get(loop.leave, env):
            break
    env.update(zip((entry.out for entry in loop.carried), phis, strict=True))
    if loop.trips is not None:
        env[loop.trips] = trips
