"""Steps and cells on other machines, through Dask (extra `cluster`)."""
