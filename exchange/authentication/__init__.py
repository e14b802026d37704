"""Who calls: the access token, the proof that its holder sent it, and that neither was revoked since.

Owns what the exchange knows of its identity provider (metadata, keys, the signed feed of revocations), and the bounded
log of callers that it could not let in. Specifications: RFC 6750, 7800, 8705, 9068, 9396 and 9449 for tokens and
proofs, RFC 8414 and 7517 for metadata and keys. What a caller may do is said by ``exchange.access``; talks to the
identity provider through functions that it is handed.
"""
