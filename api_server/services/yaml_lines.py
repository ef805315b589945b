"""YAML files that people write, checked when they are read: an error is one line that names the
file, the line and what is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

MAX_FILE_BYTES = 1024 * 1024
BUILT_IN = Path(__file__).resolve().parent.parent / "rules"
Shape = TypeVar("Shape", bound=BaseModel)


def read_file(
    path: Path, shape: type[Shape], problem: type[ValueError]
) -> tuple[Shape, yaml.Node | None]:
    """A file in the given shape, and its tree, for `line_of`. Raises `problem`."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise problem(f"{path.name}: larger than {MAX_FILE_BYTES} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise problem(f"{path}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise problem(f"{path.name}: not UTF-8 text") from None
    tree, values = _parsed(path, text, problem)
    try:
        return shape.model_validate(values), tree
    except ValidationError as error:
        raise problem(_first_problem(path, tree, error)) from None


def line_of(node: yaml.Node | None, place: tuple[Any, ...]) -> int:
    """The line of the innermost part of `place` that is in the file."""
    line = node.start_mark.line + 1 if node is not None else 1
    for part in place:
        child = _child(node, part)
        if child is None:
            continue
        key, node = child
        line = key.start_mark.line + 1
    return line


def _parsed(path: Path, text: str, problem: type[ValueError]) -> tuple[yaml.Node | None, object]:
    # libyaml is ten times as quick, but takes deep nesting without a bound: for our own files.
    quick = yaml.__with_libyaml__ and path.resolve().parent == BUILT_IN
    loader = (yaml.CSafeLoader if quick else yaml.SafeLoader)(text)
    try:
        tree = loader.get_single_node()
        return tree, loader.construct_document(tree) if tree is not None else None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise problem(f"{path.name}:{line}: {error.problem}") from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise problem(f"{path.name}:{line}: {error.reason}") from None
    except (ValueError, RecursionError) as error:  # 2024-99-99 is no date; [[[[… is too deep
        raise problem(f"{path.name}: {error}") from None
    finally:
        loader.dispose()


def _first_problem(path: Path, tree: yaml.Node | None, error: ValidationError) -> str:
    problem = error.errors()[0]
    place = ".".join(str(part) for part in problem["loc"] if not _is_type(part)) or "file"
    message = str(problem["msg"]).removeprefix("Value error, ")
    if problem["type"] == "extra_forbidden":
        message = "unknown key"
    return f"{path.name}:{line_of(tree, problem['loc'])}: {place}: {message}"


def _is_type(part: object) -> bool:
    """pydantic names the member of a union it tried; the file does not."""
    return isinstance(part, str) and ("function-" in part or part[:1].isupper())


def _child(node: yaml.Node | None, part: object) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == part), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part]
    return None
