"""The labels and packs of one service, read once."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TypeAlias

from api_server.services.incomplete_sales_validator import (
    IncompleteSalesValidator,
    build_validator,
)
from api_server.services.label_rules import LabelProblem, Labels, load_labels
from api_server.services.sales_pack import PackProblem
from api_server.settings import Settings

Rules: TypeAlias = tuple[Labels, IncompleteSalesValidator]
__all__ = ["LabelProblem", "PackProblem", "Rules", "load_rules"]


def load_rules(settings: Settings) -> Rules:
    """The built-in rules, with those of LABELS_FILE and RULES_DIR. Raises `PackProblem` or
    `LabelProblem`."""
    return _load(settings.labels_file, settings.rules_dir)


@cache
def _load(labels_file: Path | None, rules_dir: Path | None) -> Rules:
    return load_labels(labels_file), build_validator(rules_dir)
