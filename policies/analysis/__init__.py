"""The examiner of changes: what a proposed change of grants would newly allow, proved for every possible request.

Owns the encoding of Cedar's closed profile as terms of the SMT solver ``cvc5``, the questions asked of it, and the
requests made from its models. A model counts only when the compiled image and cedarpy both confirm it (ADR 0029).
Works over a region: the requests that the grants in question could decide, by the closed hierarchy of the registry.
Talks to ``policies`` only. Slow beside a decision, hence never on the path of one: an import rule keeps it away.
"""
