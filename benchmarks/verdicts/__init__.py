"""Do the numbers hold? Pools of live A/A pairs, comparisons resampled from them, and live comparisons."""
