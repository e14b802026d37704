"""The governed exchange: a department asks for evidence for one case, and only what was granted leaves.

Owns cases, the catalogue of who holds what, grants and their approval, the governed call itself, the ledger of
releases, what citizens and providers may see of it and how they have it put right, and what goes out unasked: events,
return flows, messages. Specifications: RFC 6750, 9068, 9396, 9449, 8705 and 9728 for tokens, RFC 9457 for problems, RFC
6962 and the C2SP tlog family for receipts, EU once-only vocabulary for evidence. It meets the identity provider on the
wire alone: through discovery, a key set, tokens and a signed revocation feed.
"""
