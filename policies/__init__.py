"""What is allowed, why, and how that may change: pure functions over frozen values.

Owns grants (the rows that officers approve), the Cedar text, annotations and sentences generated from them, the
compiled decision and the reference judge behind it, obligations and masks, the explanation of a refusal by clause, and
the life of a grant as decide/evolve over events (``proceedings`` is what all such lives share). Specifications: the
Cedar policy language 4 (through ``cedarpy``), NIST SP 800-162 for the roles of code, RFC 8785 for what an approval
signs. Time, registry and consent are arguments: nothing here reads a clock, a database or a network. Talks to
``kernel`` only; ``exchange`` stores and enforces.
"""
