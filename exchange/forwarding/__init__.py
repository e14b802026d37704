"""Messages that leave the house: where an office has them sent, and the courier that takes them there (ADR 0061).

Owns the addresses of offices (mail or a webhook, sealed in the store), the proof that an address is right, the links in
mails, and delivery: at least once, each post tried again later and later, its outcome visible to the office. What
leaves says that something waits, never what: neither a person nor a matter stands in it. The outbox is written by
``exchange.store.messages`` beside each message. Talks to ``exchange.store``, to webhooks through the guarded client of
``exchange.events``, and to mail through ``kernel.mail``.
"""
