"""Previews: a person sees exactly what would leave about them, to whom and why, before it is provided or not.

Owns what is shown of an item that waits for a preview, the digest that ties an agreement to what was seen, the answers
(provide, decline, wrong) and the level of sign-in that looking takes (RFC 9470). Talks to ``exchange.gateway.waiting``,
which decides, signs and records; the pages are in ``exchange.portal``.
"""
