"""Which fixture modules claims draw on."""

pytest_plugins = [
    "fixtures.arms",
    "fixtures.feature_engineering.arms",
    "fixtures.early_stopping.arms",
    "fixtures.regularization_mechanics.arms",
    "fixtures.regularization_effects.arms",
    "fixtures.manifold.arms",
    "fixtures.evaluation.arms",
    "fixtures.gradient_descent.arms",
    "fixtures.capacity.arms",
    "fixtures.overfitting_arms",
    "fixtures.noise_channels.arms",
    "fixtures.memorization.arms",
    "fixtures.overlapping_classes",
    "fixtures.planted_words",
    "fixtures.training_data",
    "fixtures.sampled_regions",
    "fixtures.missing_values",
]
