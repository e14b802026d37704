"""Client-initiated backchannel authentication (OpenID Connect CIBA Core 1.0): poll and ping, no push.

A clerk at a window asks; the citizen is told on every confirmed channel, sees the request in their own signed-in
session, compares the binding message, and answers on the pages of every other request. Owns whom a client means, how
often a person may be asked, and telling clients that an answer is there. Talks to the store, the ledger, the outbox of
notices and, through `idp.clients.reach`, to the clients; what is issued is the business of `idp.grants.polled`.
"""
