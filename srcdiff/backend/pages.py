"""Large new arrays in huge pages, where the system gives them to those who ask.

    x_bar = np.empty_like(x)       ->      x_bar = _in_huge_pages(np.empty_like(x))
    y_bar = np.zeros_like(y)       ->      y_bar = _zeroed(np.empty_like(y))

What is larger than the C library keeps (`keep_heap`) comes fresh from the system at each call, and
pages of 4 KiB cost three times what is written into them. NumPy asks for huge pages, too, from the
same size on; Numba does not. The text stays as it is; what changes is the code that Numba reads.
"""

import ast
import mmap
import sys
from collections.abc import Mapping
from typing import Any

from llvmlite import ir
from numba.core import cgutils
from numba.core.imputils import impl_ret_borrowed
from numba.extending import intrinsic

LEAST = 2**22
"""As in NumPy: less is not worth asking."""

ADVICE = 14
"""MADV_HUGEPAGE of Linux."""


@intrinsic
def _in_huge_pages(context: Any, array: Any) -> Any:
    """Ask for huge pages for an array whose memory is new, and return it."""
    del context

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        _advise(builder, *_memory(context, builder, signature, args))
        return impl_ret_borrowed(context, builder, signature.return_type, args[0])

    return array(array), codegen


@intrinsic
def _zeroed(context: Any, array: Any) -> Any:
    """Set a new array to zeros, in huge pages, and return it."""
    del context

    def codegen(context: Any, builder: Any, signature: Any, args: Any) -> Any:
        start, size = _memory(context, builder, signature, args)
        _advise(builder, start, size)
        cgutils.memset(builder, start, size, 0)
        return impl_ret_borrowed(context, builder, signature.return_type, args[0])

    return array(array), codegen


def _memory(context: Any, builder: Any, signature: Any, args: Any) -> tuple[Any, Any]:
    """Return where the memory of an array starts, and its size in bytes."""
    (kind,) = signature.args
    struct = context.make_array(kind)(context, builder, args[0])
    return struct.data, builder.mul(struct.nitems, struct.itemsize)


def _advise(builder: Any, start: Any, size: Any) -> None:
    """Append the question; the answer does not matter."""
    word, number = size.type, ir.IntType(32)
    with builder.if_then(builder.icmp_unsigned(">=", size, word(LEAST)), likely=False):
        kind = ir.FunctionType(number, [word, word, number])
        madvise = cgutils.get_or_insert_function(builder.module, kind, "madvise")
        address, rest = builder.ptrtoint(start, word), word(mmap.PAGESIZE - 1)
        first = builder.and_(builder.add(address, rest), builder.not_(rest))
        length = builder.sub(builder.add(address, size), first)
        builder.call(madvise, [first, length, number(ADVICE)])


NAMES: Mapping[str, object] = {"_in_huge_pages": _in_huge_pages, "_zeroed": _zeroed}

FORMS = {
    "empty": ("empty", "_in_huge_pages"),
    "empty_like": ("empty_like", "_in_huge_pages"),
    "zeros": ("empty", "_zeroed"),
    "zeros_like": ("empty_like", "_zeroed"),
}
"""What stands for a function of NumPy: the function that makes the array, and ours around it."""


def with_huge_pages(tree: ast.Module) -> ast.Module:
    """Return a text in which arrays that functions make, once in a call, are in huge pages."""
    if sys.platform != "linux":
        return tree
    for function in tree.body:
        for statement in function.body if isinstance(function, ast.FunctionDef) else ():
            if isinstance(statement, ast.Assign):
                statement.value = _wrapped(statement.value)
    return ast.fix_missing_locations(tree)


def _wrapped(value: ast.expr) -> ast.expr:
    match value:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np"), attr=name)) if name in FORMS:
            plain, ours = FORMS[name]
            made = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), plain, ast.Load()), [], [])
            made.args, made.keywords = value.args, value.keywords
            outer = ast.Call(ast.Name(ours, ast.Load()), [ast.copy_location(made, value)], [])
            return ast.copy_location(outer, value)
    return value
