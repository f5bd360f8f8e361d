"""Saving once before a loop what its iterations overwrite again and again.

    for k in range(i + 1, m):              b_saved[i, :] = b[i, :]
        for j in range(n):                 for k in range(i + 1, m):
            b[i, j] += a[k, i] * b[k, j]       for j in range(n):
                                                   b[i, j] += a[k, i] * b[k, j]

where nothing that the adjoint sweep reads in one run of the loop is overwritten in it. Elements of
the section that are not written, or not always, are given back the value that they have.
"""

from collections.abc import Iterable, Iterator

from srcdiff.analysis.tbr import Record
from srcdiff.ir.nodes import (
    NEW_AXIS,
    Const,
    For,
    Increment,
    Index,
    Item,
    Operand,
    Slice,
    Statement,
    Store,
    Value,
    View,
)
from srcdiff.ir.types import Array, Scalar
from srcdiff.transform.reverse.needs import make_room, need, need_value, renew, take_back
from srcdiff.transform.reverse.plan import Plan, Section
from srcdiff.transform.reverse.rooms import FULL

Place = tuple[Value, tuple[Item, ...]]


def sections(plan: Plan, found: Record) -> list[Section]:
    """Return what is saved before loops, each for the writes that share it."""
    writes = [w for w in found.writes if w in found.saves and isinstance(w, Store | Increment)]
    own = {w: section for w in writes if (section := _section(plan, found, w)) is not None}
    for write in writes:
        section = _shared(plan, found, write, own.values()) or own.get(write)
        if section is not None:
            section.writes.append(write)
    return [section for section in own.values() if section.writes]


def _shared(
    plan: Plan, found: Record, write: Store | Increment, known: Iterable[Section]
) -> Section | None:
    """Return the first section with the elements of a write, which may save them for it."""
    loops = plan.dependence.loops(found.writes[write].block)
    for section in known:
        whole = all(item is FULL for item in section.items)
        whole = whole and plan.aliases.root(write.ref) is section.ref
        same = write.ref is section.ref and _is_part(write.indices, section.items)
        if section.loop in loops and (whole or same) and found.once_for(write, section.loop):
            return section
    return None


def _is_part(indices: tuple[Operand, ...], items: tuple[Item, ...]) -> bool:
    """Say whether what a section holds fixed is what an element has there."""
    pairs = zip(indices, items, strict=True) if indices else ()
    return bool(indices) and all(item is FULL or item is index for index, item in pairs)


def still_hold(section: Section, found: Record) -> bool:
    """Say whether a section may be saved once for all of its writes, after what is found now."""
    return all(found.once_for(write, section.loop) for write in section.writes)


def _section(plan: Plan, found: Record, write: Store | Increment) -> Section | None:
    """Return the section for a write before the outermost loop that repeats it."""
    result = None
    for loop in _loops(plan, found.writes[write].block):
        if not found.once_for(write, loop):
            break
        place = _place(plan, write, loop)
        if place is not None:
            result = Section(loop, *place, [])
    return result


def _loops(plan: Plan, block: object) -> Iterator[For]:
    """Iterate over the loops around a block, inside out, as long as nothing else is around it."""
    for _, _, statement in plan.flow.ancestors(block):  # type: ignore[arg-type]
        if not isinstance(statement, For) or statement in plan.merged:
            return
        if statement.leave is not None:
            return
        yield statement


def _place(plan: Plan, write: Store | Increment, loop: For) -> Place | None:
    """Return the elements that a write touches in all iterations of `loop`, which repeats it."""
    ref = write.ref
    items: tuple[Item, ...] = write.indices or (FULL,) * len(ref.shape)
    definition = plan.flow.definitions[ref]
    if plan.dependence.is_inside(ref, loop):
        view = definition.statement
        if not isinstance(view, View) or not isinstance(view.how, Index):
            return None
        inner = iter(items)
        ref, items = view.ref, tuple(next(inner) if i is FULL else i for i in _plain(view.how))
        if plan.dependence.is_inside(ref, loop) or NEW_AXIS in items:
            return None
    found = [_item(plan, item, extent, loop) for item, extent in zip(items, ref.shape, strict=True)]
    counters = [item for item in items if isinstance(item, Value)]
    if None in found or loop.index in counters or len(set(counters)) < len(counters):
        return None
    return ref, tuple(item for item in found if item is not None)


def _plain(how: Index) -> Iterator[Item]:
    for item in how.items:
        whole = isinstance(item, Slice) and item.start is item.stop is item.step is None
        yield FULL if whole else item


def _item(plan: Plan, item: Item, extent: Operand, loop: For) -> Item | None:
    """Return an item of the section that is known before `loop`; None: there is none."""
    if item is FULL:
        return FULL
    if isinstance(item, Const) or (
        isinstance(item, Value) and not plan.dependence.is_inside(item, loop)
    ):
        return item if plan.dependence.is_within(item, extent) else None
    if isinstance(item, Value) and item in plan.dependence.indices.counters:
        return (
            FULL if _nearly_covers(plan, plan.dependence.indices.counters[item], extent) else None
        )
    return None


def _nearly_covers(plan: Plan, loop: For, extent: Operand) -> bool:
    """Say whether a loop visits all indices of an axis but for a few at its ends."""
    if not isinstance(loop.step, Const) or abs(loop.step.value) != 1:
        return False
    ends = [plan.dependence.form(bound) for bound in (loop.start, loop.stop)]
    first, last = ends if loop.step.value > 0 else ends[::-1]
    return not first.terms and not (last - plan.dependence.form(extent)).terms


# ---- the adjoint sweep ----


def restore_sections(plan: Plan, loop: Statement) -> None:
    """Append what gives the elements back that were saved before `loop`."""
    for section in plan.sections if plan.final else ():
        if section.loop is loop:
            _restore(plan, section)


def _restore(plan: Plan, section: Section) -> None:
    ref = section.ref
    shape = section.shape
    type = Array(ref.type.dtype, len(shape)) if shape else Scalar(ref.type.dtype)
    like = Value(ref.name, type, shape)
    memory = need_value(plan, ref)
    depth = len(plan.stack) - 1
    plan.cut[section] = make_room(plan, depth, like, _note(section))
    old = take_back(plan, plan.cut[section], plan.builder, depth, like)
    if not shape:
        place = tuple(need(plan, item) for item in section.items)  # type: ignore[arg-type]
        plan.builder.store(memory, place, old)
        return
    how = renew(plan, Index(section.items))
    extents = tuple(need(plan, extent) for extent in shape)
    view = plan.builder.view(memory, how, Array(ref.type.dtype, len(shape), "A"), extents)
    plan.builder.store(view, (), old)


def _note(section: Section) -> str:
    """Say what is kept: a section, as the line that overwrites it first finds it."""
    items = section.items
    names = [":" if i is FULL else getattr(i, "name", "").lstrip("_") or repr(i) for i in items]
    span = section.loop.origin.span
    where = f" as line {span.line} finds it" if span is not None else ""
    return f"keeps {section.ref.name.lstrip('_')}[{', '.join(names)}]{where}"
