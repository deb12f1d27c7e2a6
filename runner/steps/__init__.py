"""Steps: functions from settings and input artifacts to one artifact, run in a worker process."""
