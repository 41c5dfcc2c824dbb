"""From MNIST to a model folder: data, augmentation, architecture, fitting, export, evaluation."""
