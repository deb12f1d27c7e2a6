"""Why a test of the contract is not for torch."""

NEVER = {
    "test_the_layers_of_a_profile_make_up_a_run": (
        "its tracer doesn't see the convolutions of oneDNN in a frozen network: they are in no layer"
    ),
}
NOT_YET: dict[str, str] = {}
