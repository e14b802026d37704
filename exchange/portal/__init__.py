"""Citizens' pages: what waits for a person's look before it is provided, who used their data, and what is wrong of it.

An ordinary relying party of the identity provider, as the officers' pages are (OpenID Connect Core 1.0, RFC 9470 for
the stronger sign-in), with a cookie and sessions of its own. Every page asks the API's own desk and shows its answer.
"""
