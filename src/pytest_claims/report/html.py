"""The page that people read: one self-contained HTML file, rendered from a record."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_claims.report import figures, overview
from pytest_claims.report.view import page


def render(record: Mapping[str, Any]) -> str:
    """Render a record as one HTML file that opens offline and needs no script.

    Parameters
    ----------
    record
        What ``claims.json`` holds; see ``schema.json``.

    Returns
    -------
    str
        The page. Its content security policy forbids scripts and everything that is not in the file.
    """
    environment = Environment(
        loader=PackageLoader(__package__),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = files(__package__).joinpath("templates/style.css").read_text(encoding="utf-8")
    return environment.get_template("report.html").render(
        page=page(record),
        style=Markup(style),  # our own file, which holds no markup
        style_hash=_hash(style),
        figure=figures,
        plot=overview,
    )


def _hash(style: str) -> str:
    """The hash by which the content security policy knows the style sheet."""
    return "sha256-" + base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
