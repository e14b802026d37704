"""Recertification campaigns: grants in force are put before those who provide the data; no answer is a lapse.

Owns which grants a campaign chooses, what may be done with it and with each of its items by whom and until when, and
what follows. Pure: states, the clock (``policies.clocks``) and time are arguments; what happens to a grant itself is
decided by ``policies.grants.lifecycle``. A campaign never makes a grant longer or wider: its only effects are ends.
"""
