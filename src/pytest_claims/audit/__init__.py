"""The audit: it draws runs behind the verdicts at random, and `keras.Model.fit` on TensorFlow trains them again.

``pytest -m audit`` audits the fast tier, ``pytest -m "audit and full"`` the full one. Either needs stored runs, made
with the same options and data; ``--claims-runs`` takes published ones. The audit draws at least one arm of every
section, and one run of each as the test ``audit::ARM[TIER]``. Each draw is new, unless ``--claims-audit-seed`` fixes
it. The record is ``audit.json`` in the directory of the reports.
"""

PROPERTY = "audit"
"""Name of the user property that carries the record of an audited run from process to process, as plain data."""
