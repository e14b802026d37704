"""From nothing to a first governed call: what a department has done, what is next, and whose turn it is.

Owns the sandbox (invented evidence types over invented people, never mixed with real ones), the system's check-in with
its own keys, and the view of the steps. Everything a step does is done in the room it belongs to: entries by
``exchange.catalogue``, access requests by ``exchange.requests``, grants by ``exchange.governance``, the call by
``exchange.gateway``.
"""
