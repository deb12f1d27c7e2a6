"""The program at the other end of an endpoint: it does steps, holds a session and times it.

Python 3.8 syntax, standard library and numpy only: the same files run in a vendor's interpreter or on a device.
"""
