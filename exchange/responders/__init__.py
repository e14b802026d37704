"""Evidence that a person supplies: the tasks of offices, what they see of them, and what they answer.

Owns a task for each item of a request whose source is a person (``connectors.manual``): it is opened with the request's
own wait, taken by one officer, answered, refused with a citation, asked back, or handed to a substitute; each step is
an entry of the ledger in the same transaction. Whom it is about and what was typed lie sealed beside it, are read only
by whoever took it (an entry of the ledger comes first), and are gone once the answer is passed on. What may be done is
decided by ``policies.responders``. Source of the rules: ADR 0051. Talks to ``exchange.gateway``, which releases.
"""
