"""The only place where Numba's decorators are configured, and where its cache is keyed.

Numba does not notice when a function imported from another file changes, so a cached kernel could go on with an old
rule and give wrong numbers in silence. The cache folder is therefore named by a hash of every kernel source.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import platformdirs
from llvmlite import ir
from numba import njit, types
from numba.core import cgutils
from numba.extending import intrinsic

from sim.kernel.indexing import FromTheFront

__all__ = [
    "address_of",
    "ask_for",
    "behind",
    "cache_folder",
    "call_at",
    "called",
    "compiled",
    "pointer",
    "put_down",
    "rule",
    "source_hash",
    "strict_called",
    "strict_compiled",
    "strict_rule",
]

_HERE = Path(__file__).parent


def source_hash() -> str:
    """Hash of every source file that the compiled kernel is made from."""
    digest = hashlib.sha256()
    for path in sorted(_HERE.glob("*.py")):
        digest.update(path.name.encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def cache_folder() -> Path:
    """Folder of the compile cache for exactly these sources and for this folder of the disk.

    ``CAREBRIDGE_CACHE`` names another base than the user's cache folder; where neither can be written, a
    temporary folder serves.
    """
    base = Path(os.environ.get("CAREBRIDGE_CACHE") or platformdirs.user_cache_path("carebridge"))
    bounds = "-bounds" if os.environ.get("NUMBA_BOUNDSCHECK", "0") not in {"", "0"} else ""
    folder = base / "kernels" / f"{source_hash()}{bounds}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if os.access(folder, os.W_OK):
            return folder
    except OSError:
        pass
    return Path(tempfile.gettempdir()) / f"carebridge-{os.getuid() if hasattr(os, 'getuid') else 0}" / folder.name


numba.config.CACHE_DIR = str(cache_folder())  # type: ignore[attr-defined]


#: options of every compiled function, one reason each
COMMON: dict[str, Any] = {
    "error_model": "numpy",  # a division by zero gives inf, as in C, and costs no test
    "_nrt": False,  # no array is made in the kernel, so none is reference-counted (40 times faster calls)
    "no_cfunc_wrapper": True,  # nothing in C calls these functions
    "pipeline_class": FromTheFront,  # no index counts from the end, so none has its sign tested
}
RULE: dict[str, Any] = {
    **COMMON,
    "forceinline": True,  # one rule a file costs no call
    "no_cpython_wrapper": True,  # nothing in Python calls a rule (a third of the compile time)
}
CALLED: dict[str, Any] = {
    **COMMON,
    "no_cpython_wrapper": True,  # nothing in Python calls it
    "inline": "never",  # called, where it is not a rule that calls it (a rule hands `forceinline` on)
}
ENTRY: dict[str, Any] = {
    **COMMON,
    "cache": True,  # on disk, keyed by the folder above
    "nogil": True,  # replications run on threads
}


#: of equations that users write: dividing by zero is an error there, not a result
STRICT: dict[str, Any] = {"error_model": "python"}


#: compiled code written by hand; typed as anything, as type checkers do not know what it takes
_in_line: Any = intrinsic


def _widened(kind: types.Type) -> types.Type:
    """Type under which an argument is compiled: constants like variables, and all but 64-bit words as int64."""
    kind = types.unliteral(kind)
    narrow = isinstance(kind, types.Integer) and (kind.signed or kind.bitwidth < 64)  # noqa: PLR2004
    return types.int64 if narrow else kind


def _once(dispatcher: Any) -> Any:
    """Compile a rule once, not once for each constant and each width of whole number that it is called with."""
    narrow = dispatcher.get_call_template

    def get_call_template(args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Any:
        return narrow(tuple(_widened(a) for a in args), {name: _widened(a) for name, a in kws.items()})

    dispatcher.get_call_template = get_call_template
    return dispatcher


def rule(function: Callable[..., Any]) -> Any:
    """Compile one small rule, always folded into its caller."""
    return _once(njit(**RULE)(function))


def called(function: Callable[..., Any]) -> Any:
    """Compile what an entry point seldom does as a function of its own, so that the loop of the kernel stays short.

    Give it few arrays, since each costs in the call, or pointers to tables and state (:func:`pointer`, :func:`behind`).
    """
    return _once(njit(**CALLED)(function))


def compiled(function: Callable[..., Any]) -> Any:
    """Compile an entry point, callable from Python."""
    return njit(**ENTRY)(function)


def strict_rule(function: Callable[..., Any]) -> Any:
    """Compile a small function of generated source, folded into its callers."""
    return njit(**{**RULE, **STRICT})(function)


def strict_called(function: Callable[..., Any]) -> Any:
    """Compile a larger function of generated source once."""
    return _once(njit(**{**CALLED, **STRICT})(function))


def strict_compiled(function: Callable[..., Any]) -> Any:
    """Compile an entry point of generated source, kept on disk beside it."""
    return njit(**{**ENTRY, **STRICT})(function)


def address_of(entry: Any, *arguments: Any) -> int:
    """Address of the machine code of an entry point for arguments like these; the entry must have been called so."""
    code = entry.overloads[tuple(numba.typeof(a) for a in arguments)]
    return code.library.get_pointer_to_function(code.fndesc.llvm_func_name)


@_in_line
def call_at(typing: Any, address: Any, tables: Any, state: Any, until: Any) -> Any:
    """Call the machine code at an address, ``(tables, state, until) -> int64``, from compiled code.

    A caller that names the kernel itself would contain and optimise all of it again: eight seconds instead of two.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kinds, convention = signature.args[1:], context.call_conv
        function = convention.get_function_type(signature.return_type, kinds)
        pointer = builder.inttoptr(values[0], function.as_pointer())
        _, result = convention.call_function(builder, pointer, signature.return_type, kinds, values[1:])
        return result

    return types.int64(address, tables, state, until), generate


@_in_line
def put_down(typing: Any, arrays: Any) -> Any:
    """Address of a copy of a tuple of arrays (not of what is in them), which is there until the caller returns.

    Compiled code hands such a tuple over array by array, number by number: hundreds of copies for the tables and the
    state of a run. Behind one address, a function reads what it uses.
    """

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.ptrtoint(cgutils.alloca_once_value(builder, values[0]), ir.IntType(64))

    return types.int64(arrays), generate


@_in_line
def pointer(typing: Any, address: Any, like: Any) -> Any:
    """Pointer to the tuple of arrays that was put down at an address; `like` is one of the same type."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.inttoptr(values[0], context.get_value_type(signature.return_type))

    return types.CPointer(like)(address, like), generate


@_in_line
def behind(typing: Any, pointer: Any) -> Any:
    """Tuple of arrays behind a pointer; only those parts are read that are used."""

    def read(builder: Any, place: Any, kind: Any) -> Any:
        if not isinstance(kind, ir.LiteralStructType | ir.ArrayType):
            return builder.load(place)
        out = ir.Constant(kind, ir.Undefined)
        parts = kind.elements if isinstance(kind, ir.LiteralStructType) else [kind.element] * kind.count
        for at, part in enumerate(parts):
            out = builder.insert_value(out, read(builder, cgutils.gep_inbounds(builder, place, 0, at), part), at)
        return out

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = context.get_value_type(signature.return_type)
        return read(builder, builder.bitcast(values[0], kind.as_pointer()), kind)

    return pointer.dtype(pointer), generate


@_in_line
def ask_for(typing: Any, array: Any, at: Any) -> Any:
    """Ask the processor for one record of an array, without waiting for it."""

    def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        rows = context.make_array(signature.args[0])(context, builder, values[0])
        place = builder.bitcast(builder.gep(rows.data, [values[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        ask = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0i8")
        builder.call(ask, [place, number(0), number(3), number(1)])
        return context.get_dummy_value()

    return types.none(array, at), generate
