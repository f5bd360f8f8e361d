"""Rare arguments, without a branch in the loop.

A branch would keep a loop from being vectorised, and so would the call of a function that has no
vector form. Here is a function that has: a vector of arguments is tested as a whole, and only where
one of them is rare, its lanes are gone through. LLVM finds the vector forms by an attribute of the
call.
"""

from collections.abc import Callable
from typing import Any

from llvmlite import ir
from numba.core import cgutils

from srcdiff.runtime.vecmath.bits import DOUBLE, KEEP, Format, Value, where
from srcdiff.runtime.vecmath.machine import callee_saves, features

Formula = Callable[[Value], Value]


def rarely(name: str, formula: Formula, x: Value, rare: Value) -> Value:
    """Return the formula's value where `rare` holds; elsewhere the result is of no use.

    The formula is in double precision, whatever x is in.
    """
    module, form = x.builder.module, x.format
    callee = scalar_form(module, name, formula, form)
    for lanes in lane_counts(form):
        define_vector_form(module, callee, form, lanes)
    call = x.builder.call(callee, [where(rare, x, 0.0).value])
    forms = [f"_ZGV_LLVM_N{n}v_{callee.name}({callee.name}.{n})" for n in lane_counts(form)]
    # An attribute that llvmlite does not know.
    set.add(call.attributes, f'"vector-function-abi-variant"="{",".join(forms)}"')
    return x.new(call)


def lane_counts(form: Format) -> list[int]:
    """Return how many lanes the loops of this machine may have."""
    sizes = (256, 512) if "avx512f" in features() else (128, 256)
    return [bits // form.width for bits in sizes]


def scalar_form(module: Any, name: str, formula: Formula, form: Format) -> Any:
    """Return the function that computes the formula if its argument is not 0."""
    full = f"srcdiff.rare.{name}.f{form.width}"
    if full in module.globals:
        return module.globals[full]
    far = outlined(module, name, formula)
    function, builder = start(module, full, form.real)
    (x,) = function.args
    with builder.if_then(builder.fcmp_unordered("!=", x, ir.Constant(form.real, 0.0), flags=KEEP)):
        if form is DOUBLE:
            builder.ret(builder.call(far, [x]))
        else:
            y = builder.call(far, [builder.fpext(x, DOUBLE.real)])
            builder.ret(builder.fptrunc(y, form.real))
    builder.ret(x)
    return function


def outlined(module: Any, name: str, formula: Formula) -> Any:
    """Return the function that computes the formula; LLVM should not spend time on it."""
    full = f"srcdiff.rare.{name}"
    if full in module.globals:
        return module.globals[full]
    real = DOUBLE.real
    function = ir.Function(module, ir.FunctionType(real, [real]), full)
    function.linkage = "linkonce_odr"
    function.attributes.add("noinline")
    function.attributes.add("optnone")
    builder = ir.IRBuilder(function.append_basic_block("entry"))
    builder.ret(formula(Value(builder, function.args[0], DOUBLE)).value)
    return function


def define_vector_form(module: Any, scalar: Any, form: Format, lanes: int) -> None:
    """Define the function that goes through the lanes if one of them is not 0."""
    full = f"{scalar.name}.{lanes}"
    if full in module.globals:
        return
    kind = ir.VectorType(form.real, lanes)
    function, builder = start(module, full, kind)
    (x,) = function.args
    memory = builder.alloca(kind)
    zero = ir.Constant(kind, [0.0] * lanes)
    mask = builder.bitcast(builder.fcmp_unordered("!=", x, zero, flags=KEEP), ir.IntType(lanes))
    with builder.if_then(builder.icmp_unsigned("!=", mask, ir.Constant(mask.type, 0))):
        builder.store(x, memory)
        first = builder.bitcast(memory, form.real.as_pointer())
        with cgutils.for_range(builder, ir.Constant(ir.IntType(64), lanes)) as lane:
            place = builder.gep(first, [lane.index], inbounds=True)
            builder.store(builder.call(scalar, [builder.load(place)]), place)
        builder.ret(builder.load(memory))
    builder.ret(x)


def start(module: Any, name: str, kind: Any) -> tuple[Any, Any]:
    function = ir.Function(module, ir.FunctionType(kind, [kind]), name)
    function.linkage = "weak_odr"  # kept although nothing calls it before the loop is vectorised
    function.attributes.add("noinline")
    function.attributes.add("nounwind")
    function.attributes.add("optsize")
    if callee_saves():
        # The constants of the loop stay in their registers.
        function.calling_convention = "intel_ocl_bicc"
    return function, ir.IRBuilder(function.append_basic_block("entry"))
