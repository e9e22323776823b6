"""Real Keras as the judge of what the readers recover."""
