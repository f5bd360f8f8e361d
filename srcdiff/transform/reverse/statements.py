"""The adjoint of a block: its statements in reverse, each by its own rule."""

from dataclasses import replace

from srcdiff.ir.build import Builder, constant
from srcdiff.ir.nodes import (
    Block,
    Broadcast,
    Call,
    Derive,
    For,
    If,
    Increment,
    Join,
    Load,
    Operand,
    Statement,
    Store,
    Value,
    View,
    While,
    is_array,
)
from srcdiff.ir.types import Array, Scalar, Type
from srcdiff.transform.partials import reduce_to
from srcdiff.transform.reverse import loops
from srcdiff.transform.reverse.bars import (
    add,
    add_reduced,
    bar_name,
    bar_of,
    full_array,
    has_shadow,
    lookup,
    shadow,
    snapshot,
    wish,
    zero_like,
)
from srcdiff.transform.reverse.calls import reverse_call
from srcdiff.transform.reverse.derivatives import reverse_derive
from srcdiff.transform.reverse.needs import make_room, need, take_back
from srcdiff.transform.reverse.plan import Frame, Plan, Room, Slot


def reverse_block(plan: Plan, frame: Frame) -> None:
    """Append the adjoints of the statements of a frame's block, the last first.

    The head of a while runs before each body, so its statements are reversed after the body's.
    """
    blocks = [frame.block]
    if isinstance(frame.loop, While):
        blocks.append(frame.loop.head)
    for block in blocks:
        for position in range(len(block.statements) - 1, -1, -1):
            frame.position = position if block is frame.block else -1
            frame.in_head = None if block is frame.block else position
            statement = block.statements[position]
            outer = frame.builder.origin
            frame.builder.origin = replace(outer, span=statement.origin.span, sweep="adjoint")
            reverse_statement(plan, statement)
            frame.builder.origin = outer


def reverse_statement(plan: Plan, statement: Statement) -> None:
    """Append the adjoint of one statement."""
    match statement:
        case Call():
            reverse_call(plan, statement)
        case Load(out=out, ref=ref, indices=indices):
            _load(plan, out, ref, indices)
        case View(out=out, ref=ref, how=Broadcast()):
            bar = bar_of(plan, out)
            if bar is not None:
                add_reduced(plan, ref, bar, out)
        case Store() | Increment():
            _write(plan, statement)
        case Derive():
            reverse_derive(plan, statement)
        case If():
            _branch(plan, statement)
        case For() | While():
            loops.reverse_loop(plan, statement, reverse_block)


def _load(plan: Plan, out: Value, ref: Value, indices: tuple[Operand, ...]) -> None:
    bar = bar_of(plan, out)
    if bar is not None and plan.activity.is_active(ref):
        place = tuple(need(plan, index) for index in indices)
        plan.builder.increment(shadow(plan, ref), place, bar)


# ---- writes ----


def _write(plan: Plan, write: Store | Increment) -> None:
    place = tuple(need(plan, index) for index in write.indices)
    if plan.saves_write(write):
        _restore(plan, write, place)
    if not plan.activity.is_active(write.ref):
        return
    target = shadow(plan, write.ref)
    if plan.activity.is_active(write.value) and not write.origin.constant:
        if write.indices:
            bar = plan.builder.load(target, place, wish_of_element(plan, write))
            _clear(plan, write, target, place)
            add(plan, write.value, bar)
        else:
            _pass_on(plan, write, target)
    else:
        _clear(plan, write, target, place)


def wish_of_element(plan: Plan, write: Store | Increment) -> str:
    """Return the name of the adjoint that is taken out of an element."""
    name = wish(plan, write.value)
    return name if name != "_t" else f"_{write.ref.name.lstrip('_')}_bar"


def _clear(plan: Plan, write: Store | Increment, target: Value, place: tuple[Operand, ...]) -> None:
    """What a store overwrites has no influence: its adjoint is 0."""
    if isinstance(write, Store):
        plan.builder.store(target, place, constant(0, Scalar(target.type.dtype)))


def _pass_on(plan: Plan, write: Store | Increment, target: Value) -> None:
    """Hand the adjoint of all elements to the right side."""
    value = write.value
    assert isinstance(value, Value)
    if not is_array(value) or _narrower(value, target):
        reduced = reduce_to(plan.builder, target, target.shape, value, wish(plan, value))
        if reduced is target:
            reduced = snapshot(plan, value, target)
        _clear(plan, write, target, ())
        add(plan, value, reduced)
    elif has_shadow(plan, value) and not _may_overlap(plan, value, target):
        add(plan, value, target)
        _clear(plan, write, target, ())
    else:
        copied = snapshot(plan, value, target)
        _clear(plan, write, target, ())
        add(plan, value, copied)


def _narrower(value: Value, target: Value) -> bool:
    """Say whether `value` is broadcast when it is stored in `target`."""
    if len(value.shape) != len(target.shape):
        return True
    ones = [getattr(extent, "value", None) == 1 for extent in value.shape]
    return ones != [getattr(extent, "value", None) == 1 for extent in target.shape]


def _may_overlap(plan: Plan, value: Value, target: Value) -> bool:
    return plan.shadow_roots[shadow(plan, value)] is plan.shadow_roots[target]


def _restore(plan: Plan, write: Store | Increment, place: tuple[Operand, ...]) -> None:
    """Undo a write: put back what it has overwritten."""
    depth = len(plan.stack) - 1
    ref = write.ref
    type = Scalar(ref.type.dtype) if write.indices else Array(ref.type.dtype, len(ref.shape))
    like = Value(ref.name, type, () if write.indices else ref.shape)
    memory = need(plan, ref)
    assert isinstance(memory, Value)
    if write not in plan.saved:
        plan.saved[write] = _room(plan, write, like, depth)
    old = take_back(plan, plan.saved[write], plan.builder, depth, like)
    plan.builder.store(memory, place, old)


def _room(plan: Plan, write: Store | Increment, like: Value, depth: int) -> Room:
    if plan.stack[depth].kind == "region":
        return Slot(f"{like.name}_saved", like)
    return make_room(plan, depth, like, _note(write))


def _note(write: Store | Increment) -> str:
    """Say what is kept: an element, or a whole array, as the line that overwrites it finds it."""
    names = [o.name.lstrip("_") if isinstance(o, Value) else repr(o.value) for o in write.indices]
    place = f"[{', '.join(names)}]" if names else ""
    span = write.origin.span
    where = f" as line {span.line} finds it" if span is not None else ""
    return f"keeps {write.ref.name.lstrip('_')}{place}{where}"


# ---- branches ----


def _branch(plan: Plan, statement: If) -> None:
    """if c: A else: B   becomes   if c: A reversed, else: B reversed."""
    outs = [bar_of(plan, join.out) for join in statement.joins]
    sides = []
    for block, key in ((statement.then, "then"), (statement.orelse, "orelse")):
        frame = Frame(block, "branch", Builder(plan.builder.origin))
        plan.stack.append(frame)
        for join, bar in zip(statement.joins, outs, strict=True):
            if bar is not None:
                add(plan, getattr(join, key), bar)
        reverse_block(plan, frame)
        plan.stack.pop()
        sides.append(frame)
    then, orelse = sides
    if not _is_empty(then, orelse):
        condition = need(plan, statement.condition)
        joins = _joins(plan, then, orelse)
        first, second = (Block((*f.head.statements, *f.builder.statements)) for f in sides)
        plan.builder.append(If(condition, first, second, joins, plan.builder.origin))


def _is_empty(then: Frame, orelse: Frame) -> bool:
    return not any((f.bars or f.builder.statements or f.head.statements) for f in (then, orelse))


def _joins(plan: Plan, then: Frame, orelse: Frame) -> tuple[Join, ...]:
    """Join the adjoints of values from outside of the branch."""
    depth = len(plan.stack) - 1
    joins: list[Join] = []
    touched = dict.fromkeys([*then.bars, *orelse.bars])
    for value in touched:
        if plan.flow.definitions[value].block in (then.block, orelse.block):
            continue
        outer = lookup(plan, value, depth)
        if outer is None:
            outer = zero_like(plan, value, plan.top.place)
        sides = [frame.bars.get(value, outer) for frame in (then, orelse)]
        if is_array(value):
            pairs = zip(sides, (then, orelse), strict=True)
            sides = [full_array(plan, value, side, frame.builder) for side, frame in pairs]
        shape = tuple(need(plan, extent) for extent in value.shape)
        out = Value(bar_name(value), _common_type(*sides), shape)
        joins.append(Join(out, *sides))
        plan.top.bars[value] = out
    return tuple(joins)


def _common_type(first: Operand, second: Operand) -> Type:
    """Return the type of what is one array or the other."""
    if isinstance(first.type, Array) and first.type != second.type:
        return Array(first.type.dtype, first.type.ndim, "A")
    return first.type
