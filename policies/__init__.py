"""What is allowed, why, and how that may change: pure functions over frozen values.

Here decisions are made: Cedar text generated from grants, the compiled decision and the reference judge behind it,
obligations and masks, the explanation of a refusal by clause. Whatever comes to life, changes and ends by officers'
commands has a package, as decide/evolve over events: ``grants`` (the rows that officers approve), ``requests`` from
which they come, and so on; ``proceedings`` is what all such lives share. Specifications: the Cedar policy language 4
(through ``cedarpy``), NIST SP 800-162 for the roles of code, RFC 8785 for what an approval signs. Time, registry and
consent are arguments: nothing here reads a clock, a database or a network. Talks to ``kernel`` only; ``exchange``
stores and enforces.
"""
