"""What rules may look at: plain frozen dataclasses, no parsing."""
