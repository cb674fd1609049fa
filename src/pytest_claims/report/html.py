"""Renders a record as one self-contained HTML file."""

from __future__ import annotations

import base64
import hashlib
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_claims.report.drawings import learning_curves, overview, seed_strips
from pytest_claims.report.page import page
from pytest_claims.support.record_types import Record


def render(record: Record, older: Record | None = None) -> str:
    """Render a record as one HTML file. It opens offline, and is readable without its script, which only filters.

    Parameters
    ----------
    record
        The record, as in ``claims.json``; see ``schema.json``.
    older
        An older record. With it the page lists the changes since then.

    Returns
    -------
    str
        The page. Its content security policy allows only its own script, and nothing from outside the file.
    """
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates = files(__package__).joinpath("templates")
    style, script = (templates.joinpath(name).read_text(encoding="utf-8") for name in ("style.css", "script.js"))
    view = page(record, older)
    running_head = _running_head(f"{view.title} · {view.subtitle} · {view.created} · pytest-claims {view.version}")
    return environment.get_template("report.html").render(
        page=view,
        # Our own files, which contain no closing tag of their elements.
        style=Markup(style),
        style_hash=_hash(style),
        running_head=Markup(running_head),
        running_head_hash=_hash(running_head),
        script=Markup(script),
        script_hash=_hash(script),
        figure=seed_strips,
        curve=learning_curves,
        plot=overview,
    )


def _running_head(text: str) -> str:
    """A style sheet that prints a text at the head of each page, and the page's number at its foot."""
    # All other characters become CSS escapes, so that none ends the string or the element.
    escaped = "".join(char if char.isalnum() else f"\\{ord(char):x} " for char in text)
    number = 'counter(page) " / " counter(pages)'
    return f'@page {{ @top-left {{ content: "{escaped}" }} @bottom-right {{ content: {number} }} }}'


def _hash(text: str) -> str:
    """The hash that allows a style sheet or script in the content security policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
