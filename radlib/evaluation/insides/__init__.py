"""What compression did inside a network: layer by layer, weight by weight, and where it looks; begin with `layer_comparison`."""
