"""Why some tests of the contract are not for LiteRT."""

NEVER = {
    "test_whole_numbers_and_truth_values_go_in_and_come_out": (
        "its converter makes 32 bits of whole numbers of 64, which is a warning"
    ),
}
NOT_YET = {
    "test_an_rnn_node_runs_in_both_directions": "RNN is not mapped to PyTorch, which the converter reads",
    "test_a_gru_node_runs_in_both_directions": "PyTorch's GRU resets after the product (linear_before_reset=1)",
}
