"""A step of the compiler by which an index counts from the front, never from the end.

Python's ``rows[-1]`` is the last row, so Numba looks at the sign of every index before it reads. No rule of the kernel
counts from the end, and the tests of sign took a twelfth of the time of a run. Where ``NUMBA_BOUNDSCHECK`` is set, an
index below zero is an error.
"""

from __future__ import annotations

from typing import Any

from numba.core import ir, types
from numba.core.compiler import Compiler
from numba.core.compiler_machinery import FunctionPass, register_pass
from numba.core.typed_passes import NoPythonSupportedFeatureValidation

__all__ = ["FromTheFront"]


def _unsigned(index: types.Type) -> types.Type:
    """Type of an index, or of several, without sign; slices and whatever else is no whole number stay as they are."""
    if isinstance(index, types.BaseTuple):
        return types.Tuple([_unsigned(part) for part in index.types])
    index = types.unliteral(index)
    return types.uint64 if isinstance(index, types.Integer) and index.signed else index


def _is_access(node: Any) -> bool:
    return isinstance(node, ir.SetItem) or (isinstance(node, ir.Expr) and node.op == "getitem")


@register_pass(mutates_CFG=False, analysis_only=False)
class _IndicesWithoutSign(FunctionPass):
    """Give every variable index of an array a type without sign, to which it is cast where it is used."""

    _name = "indices_without_sign"

    def __init__(self) -> None:
        FunctionPass.__init__(self)

    def run_pass(self, state: Any) -> Any:
        """Change the types; returns whether there was anything to change."""
        changed = False
        for node, call in list(state.calltypes.items()):
            if _is_access(node) and isinstance(call.args[0], types.Array):
                rows, index, *value = call.args
                del state.calltypes[node]  # Numba refuses to overwrite
                state.calltypes[node] = call.replace(args=(rows, _unsigned(index), *value))
                changed = True
        return changed


class FromTheFront(Compiler):
    """Numba's compiler with indices that count from the front."""

    def define_pipelines(self) -> list[Any]:
        """Steps of the usual compiler, and this one."""
        (steps,) = super().define_pipelines()
        steps.add_pass_after(_IndicesWithoutSign, NoPythonSupportedFeatureValidation)
        steps.finalize()
        return [steps]
