"""The page that people read: one self-contained HTML file, rendered from a record."""

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
    """Render a record as one HTML file that opens offline and can be read without its script, which only filters.

    Parameters
    ----------
    record
        What ``claims.json`` holds; see ``schema.json``.
    older
        An older record: the page then says what has changed since.

    Returns
    -------
    str
        The page. Its content security policy forbids all scripts but its own, and everything that is not in the file.
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
        # Our own files, which hold nothing that would end their elements.
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
    # As CSS escapes, whatever they are: nothing in them ends the string, or the element.
    escaped = "".join(char if char.isalnum() else f"\\{ord(char):x} " for char in text)
    number = 'counter(page) " / " counter(pages)'
    return f'@page {{ @top-left {{ content: "{escaped}" }} @bottom-right {{ content: {number} }} }}'


def _hash(text: str) -> str:
    """The hash by which the content security policy knows the style sheet and the script."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
