"""Which fixture modules claims draw on."""

pytest_plugins = ["fixtures.arms"]
