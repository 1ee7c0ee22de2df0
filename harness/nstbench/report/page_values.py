"""Values of tables as JSON for a page."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd

_UNSAFE = "<>&\u2028\u2029"


def plain(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows as dictionaries of JSON types; what is missing or not finite is None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(name): _finite(value) for name, value in row.items()} for row in rows]


def short(values: np.ndarray[Any, Any], digits: int = 5) -> list[float | None]:
    """Return numbers with so many significant digits; None for what is not finite."""
    return [float(f"{v:.{digits}g}") if math.isfinite(v) else None for v in values.tolist()]


def json_in_html(value: Any) -> str:
    """Return JSON that may stand inside a `<script>` element: nothing in it ends the element."""
    text = json.dumps(value, allow_nan=False, separators=(",", ":"), ensure_ascii=False)
    for mark in _UNSAFE:  # a hundred times as quick as `str.translate`
        text = text.replace(mark, f"\\u{ord(mark):04x}")
    return text


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
