"""What this backend doesn't keep of the contract's tests, and why."""

NEVER = {
    "test_an_operator_that_it_does_not_know_is_named_in_one_line": "it reckons by the file's size, whatever is in it",
}
