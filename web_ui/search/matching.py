"""The one thing that databases call by different names: where bytes lie within bytes."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Integer
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement


class place_of(FunctionElement[int]):  # noqa: N801 - an SQL function, called as one
    """`place_of(part, whole)`: from 1 on; 0: nowhere. Both are bytes."""

    type = Integer()
    inherit_cache = True


@compiles(place_of)
def _sqlite(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    part, whole = element.clauses
    return f"instr({compiler.process(whole, **more)}, {compiler.process(part, **more)})"


@compiles(place_of, "postgresql")
def _postgresql(element: place_of, compiler: SQLCompiler, **more: Any) -> str:
    part, whole = element.clauses
    return f"position({compiler.process(part, **more)} IN {compiler.process(whole, **more)})"
