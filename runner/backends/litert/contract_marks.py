"""Why a test of the contract is not for LiteRT."""

NEVER = {
    "test_whole_numbers_and_truth_values_go_in_and_come_out": (
        "its converter makes 32 bits of whole numbers of 64, which is a warning"
    ),
}
NOT_YET: dict[str, str] = {}
