"""What rules may look at: plain frozen structs, no parsing."""
