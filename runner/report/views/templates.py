"""Jinja2's templates beside this file: every text is escaped, and one harmless line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from runner.charts import style
from runner.core.foreign_text import line


def filled(template: str, **values: Any) -> str:
    """The text of a whole page."""
    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_shown,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template(template).render(style=Markup(style.rules(style.on_page)), **values)


def _shown(value: Any) -> Any:
    """What a place of the template gets: a text as one harmless line, which Jinja then escapes; markup as it is."""
    return value if isinstance(value, Markup) else line(str(value))
