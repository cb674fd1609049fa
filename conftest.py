"""Which fixture modules claims draw on."""

pytest_plugins = [
    "fixtures.arms",
    "fixtures.feature_engineering.arms",
    "fixtures.early_stopping.arms",
    "fixtures.regularizers",
    "fixtures.regularization_arms",
    "fixtures.manifold.arms",
    "fixtures.evaluation.arms",
    "fixtures.gradient_descent.arms",
    "fixtures.capacity.arms",
    "fixtures.overfitting_arms",
    "fixtures.noise_arms",
    "fixtures.memorization.arms",
    "fixtures.overlapping_classes",
    "fixtures.planted_words",
    "fixtures.training_data",
    "fixtures.sampled_regions",
    "fixtures.missing_values",
]
