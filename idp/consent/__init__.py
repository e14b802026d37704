"""What a person is told and asked before a client gets anything: who asks, for what, by which right, and for how long.

Where the law allows a use by itself there is nothing to consent to: the page then gives notice and says so. Consent to
plain scopes is remembered per client, consent to evidence never is. Every answer is a ledger entry.
"""
