"""The exchange as the provider sees it: a protected resource, known by its public metadata alone (RFC 9728).

Owns the look-up of the key the subject claim is encrypted to, and of the plain words of the exchange's catalogue for
the consent page. Everything is fetched through one guarded client and kept for a minute.
"""
