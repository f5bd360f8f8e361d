"""Random statements that make arrays, views of them, and write into them."""

from collections.abc import Callable

from tests.fuzz.arrays import tame_array
from tests.fuzz.expressions import firm, tame
from tests.fuzz.indices import bare, extent_text, index, section
from tests.fuzz.maker import Array, Maker, Shape, Whole, tuple_text


def new_shape(m: Maker) -> tuple[Shape, str]:
    """Return the shape of a new array, and its text."""
    shapes = [a.shape for a in m.scope.arrays]
    fresh = (m.integer(2, 4), m.integer(2, 3))[: m.integer(1, 2)]
    shape = m.pick(shapes) if shapes and m.chance(70) else fresh
    return shape, tuple_text([extent_text(m, extent) for extent in shape])


def maker_of(name: str) -> Callable[[Maker], bool | None]:
    """Return a statement that makes an array with that function."""

    def make(m: Maker) -> bool | None:
        value = f", {bare(tame(m, 1))}" if "full" in name else ""
        if name.endswith("_like") and not m.scope.arrays:
            return None
        whole = True
        if name.endswith("_like"):
            known = m.pick(m.scope.arrays)
            shape, text, whole = known.shape, known.name, known.whole or len(known.shape) < 2
        else:
            shape, text = new_shape(m)
        array = m.add_array(shape, whole=whole)
        m.emit(f"{array.name} = np.{name}({text}{value})")
        if "empty" in name:
            fill(m, array)
        return True

    return make


def fill(m: Maker, array: Array) -> None:
    """Write every element of an array that is still undefined."""
    others = [a for a in m.scope.arrays if a != array]
    known, m.scope.arrays = m.scope.arrays, others
    if len(array.shape) > 1 or m.rounds > 10 or m.chance(40):
        shape = array.shape if m.chance(70) else array.shape[1:]
        value = tame_array(m, shape, 1, 2.0) if shape else tame(m, 2, 2.0)
        m.emit(f"{array.name}[{':' if m.chance(60) else '...'}] = {bare(value)}")
    else:
        name = m.fresh("i")
        with m.loop(f"for {name} in range({extent_text(m, array.shape[0])}):", array.shape[0]):
            m.scope.wholes += [Whole(name, 0, array.shape[0] - 1)] * 2
            m.emit(f"{array.name}[{name}] = {bare(tame(m, 2, 2.0))}")
    m.scope.arrays = known


def float_range(m: Maker) -> bool:
    extent = m.integer(2, 4)
    text = f"np.arange({extent_text(m, extent)}) * {tame(m, 0)}"
    m.emit(f"{m.add_array((extent,)).name} = {text}")
    return True


def integer_range(m: Maker) -> bool:
    extent, start = m.integer(2, 4), m.integer(0, 1)
    name = m.fresh("k")
    bounds = f"{extent}" if start == 0 else f"1, {extent + 1}"
    m.emit(f"{name} = np.arange({bounds})")
    m.scope.tables.append((name, Whole("", start, start + extent - 1), extent))
    return True


def written(m: Maker) -> Array | None:
    arrays = m.writable()
    if not arrays:
        return None
    array = m.pick(arrays)
    if array.name[0] in "vr":
        m.use("write through a view")
    elif array.name in "ABC":
        m.use("write into an argument")
    return array


def element_of(m: Maker, array: Array) -> str:
    return f"{array.name}[{', '.join(index(m, extent) for extent in array.shape)}]"


def element_store(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    value = bare(tame(m, 2, 2.0))
    m.emit(f"{element_of(m, array)} = {value}")
    return True


def element_update(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    operator = m.pick(("+=", "+=", "-=", "*=", "/="))
    value = f"1.7 + {firm(m, 2)}" if operator == "/=" else bare(tame(m, 2))
    m.emit(f"{element_of(m, array)} {operator} {value}")
    return True


def slice_store(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = section(m, array)
    kind = m.integer(0, 3)
    if kind == 3:
        m.use("slice filled with a number")
        value = tame(m, 2, 2.0)
    else:
        value = tame_array(m, shape[1:] if kind == 2 and len(shape) > 1 else shape, 2, 2.0)
    m.emit(f"{text} = {bare(value)}")
    return True


def slice_update(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    text, shape = section(m, array)
    m.emit(f"{text} {update_of(m, shape)}")
    return True


def whole_update(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    m.emit(f"{array.name} {update_of(m, array.shape)}")
    return True


def update_of(m: Maker, shape: Shape) -> str:
    operator = m.pick(("+=", "+=", "-=", "*=", "/="))
    value = tame_array(m, shape, 1) if m.chance(70) else tame(m, 1)
    return f"/= 1.7 + np.sin({bare(value)})" if operator == "/=" else f"{operator} {bare(value)}"


def view(m: Maker) -> bool | None:
    if not m.scope.arrays:
        return None
    array = m.pick(m.scope.arrays)
    text, shape = section(m, array)
    bind_view(m, array, text, shape, whole=False)
    return True


def bind_view(m: Maker, array: Array, text: str, shape: Shape, *, whole: bool) -> None:
    if array.name[0] == "v":
        m.use("view of a view")
    made = m.add_array(shape, "v", writable=array.writable, whole=whole)
    m.emit(f"{made.name} = {text}")


def transposed(m: Maker) -> bool | None:
    arrays = [a for a in m.scope.arrays if len(a.shape) > 1]
    if not arrays:
        return None
    array = m.pick(arrays)
    bind_view(m, array, f"{array.name}.T", array.shape[::-1], whole=False)
    return True


def reshaped(m: Maker) -> bool | None:
    arrays = [a for a in m.scope.arrays if a.whole and len(a.shape) > 1]
    if not arrays:
        return None
    array = m.pick(arrays)
    size = array.shape[0] * array.shape[1] * (array.shape[2] if len(array.shape) > 2 else 1)
    forms = [("reshape(-1)", (size,)), ("ravel()", (size,)), (f"reshape({size})", (size,))]
    if len(array.shape) == 2:
        rows, columns = array.shape
        text = f"{extent_text(m, columns)}, {extent_text(m, rows)}"
        forms += [(f"reshape({text})", (columns, rows)), (f"reshape(({text}))", (columns, rows))]
    text, shape = m.pick(forms)
    bind_view(m, array, f"{array.name}.{text}", shape, whole=True)
    return True


def alias(m: Maker) -> bool | None:
    if not m.scope.arrays:
        return None
    array = m.pick(m.scope.arrays)
    bind_view(m, array, array.name, array.shape, whole=array.whole)
    return True


def overlapping_store(m: Maker) -> bool | None:
    if (array := written(m)) is None:
        return None
    a = array.name
    forms = [f"{a}[1:] = {a}[:-1]", f"{a}[:-1] = {a}[1:]", f"{a}[:] = {a}[::-1]"]
    forms += [f"{a}[1:] = 0.5 * {a}[1:] + np.sin({a}[:-1])", f"{a}[::-1] = 0.8 * {a}"]
    if len(array.shape) == 2 and array.shape[0] == array.shape[1]:
        forms += [f"{a}[:] = {a}.T"] * 2
    m.emit(m.pick(forms))
    return True


def overlapping_update(m: Maker) -> bool | None:
    """Such as `a[1:] += a[:-1]`, which Numba itself computes otherwise."""
    if (array := written(m)) is None:
        return None
    a = array.name
    forms = [f"{a}[1:] += {a}[:-1]", f"{a}[:-1] -= {a}[1:]", f"{a} += {a}[::-1]"]
    forms += [f"{a}[1:] *= {a}[:-1]", f"{a}[::-1] += 0.5 * {a}"]
    if len(array.shape) == 2 and array.shape[0] == array.shape[1]:
        forms += [f"{a} += {a}.T"] * 2
    m.emit(f"{a} *= 0.4")
    m.emit(m.pick(forms))
    return True


WRITES: dict[str, Callable[[Maker], bool | None]] = {
    "element store": element_store,
    "element update": element_update,
    "slice store": slice_store,
    "slice update": slice_update,
    "array update": whole_update,
    "view": view,
    "transposed view": transposed,
    "reshaped view": reshaped,
    "another name": alias,
    "overlapping store": overlapping_store,
    "overlapping update": overlapping_update,
    **{f"np.{name}": maker_of(name) for name in ("zeros", "ones", "empty", "full")},
    **{f"np.{name}_like": maker_of(f"{name}_like") for name in ("zeros", "ones", "empty", "full")},
    "np.arange of floats": float_range,
    "np.arange of integers": integer_range,
}
