"""The audit draws runs behind the verdicts at random, and trains them again by `keras.Model.fit` on TensorFlow.

``pytest -m audit`` audits the fast tier, ``pytest -m "audit and full"`` the full tier. Both need stored runs with the
same options and data; ``--claims-runs`` names a file of published runs. The audit draws at least one arm of each
section, and one run of each arm as the test ``audit::ARM[TIER]``. Each draw is random unless ``--claims-audit-seed``
fixes it. The record is ``audit.json`` in the directory of the reports.
"""

PROPERTY = "audit"
"""Name of the user property that sends an audited run's record, as plain data, from a worker to the controller."""
