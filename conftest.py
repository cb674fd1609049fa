"""Which fixture modules claims draw on: the baselines, then a package for each module of claims."""

pytest_plugins = [
    "fixtures.arms",
    "fixtures.underfitting_and_overfitting.arms",
    "fixtures.noise_channels.arms",
    "fixtures.memorization.arms",
    "fixtures.manifold.arms",
    "fixtures.training_data.arms",
    "fixtures.evaluation.arms",
    "fixtures.gradient_descent.arms",
    "fixtures.capacity.arms",
    "fixtures.early_stopping.arms",
    "fixtures.feature_engineering.arms",
    "fixtures.regularization.arms",
    "fixtures.regularization_effects.arms",
    "fixtures.regularization_mechanics.arms",
    "fixtures.published_logs.arms",
]
