"""What the documents compute is what comes out."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

DOCUMENTS = sorted((Path(__file__).parents[1] / "docs").glob("*.md"))
WITH_EXAMPLES = [document for document in DOCUMENTS if ">>>" in document.read_text(encoding="utf-8")]


@pytest.mark.parametrize("document", WITH_EXAMPLES, ids=lambda document: document.name)
def test_examples_of_the_documents_give_what_they_show(document):
    result = doctest.testfile(str(document), module_relative=False, encoding="utf-8")
    assert result.attempted > 0
    assert result.failed == 0
