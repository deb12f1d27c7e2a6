"""ONNX graphs: what a file says, which inputs it takes, what its outputs are."""
