"""kerascheck: a static linter for Keras scripts and saved models."""

__version__ = "0.1.0"
