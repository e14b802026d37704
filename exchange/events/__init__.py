"""Telling those who rely on something that it changed: CloudEvents 1.0, pulled or pushed.

Owns the outbox (``put`` writes a signal in the transaction of what changed), subscriptions, the handing out of signals
to those who may hear of them, and their delivery: at least once, in one order for each subscriber. A signal says what
changed and never to what; whom it is about stands as a pseudonym of the one subscriber, next to that subscriber's own
cases. Talks to ``exchange.store``, to the catalogue for grants and systems, and to webhooks through one guarded client.
"""
