"""The audit: runs behind the verdicts, drawn at random and trained again by `keras.Model.fit` on TensorFlow.

``pytest -m audit`` audits the fast tier, ``pytest -m "audit and full"`` the full one. Either needs runs that are
stored, with the same options and data; with ``--claims-runs`` these are published ones. At least one arm of every
section is drawn, anew each time unless ``--claims-audit-seed`` fixes the draw, and one run of each is trained again, as
the test ``audit::ARM[TIER]``. The record is ``audit.json`` in the directory of the reports.

Importing this imports the standard library alone.
"""
