"""From films and an untrained network to a *baseline*, the variant that all others are made from.

It imports all rooms below but `metrics`. Begin with `baselines.train_baseline`, then `training.fit` (the loop) and `learning_curves` (which epoch
is kept, when to stop, whether it learnt at all).
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["training_films"],
    submod_attrs={
        "batch_statistics": ["estimator"],
        "costs": ["step_ms"],
        "baselines": ["load_network", "original_format", "read_history", "settings_spec", "train_baseline"],
        "learning_curves": ["best_position", "judge_fit", "never_fell"],
        "losses": ["loss_function"],
        "recipe": ["fine_tuning", "recipe_from"],
        "training": ["fit", "validate"],
    },
)
