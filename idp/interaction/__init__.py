"""Between the request and the code: who signs in, how strongly, and what they agree to.

`steps` decides what comes next and is pure; `flow` begins and finishes interactions in transactions; the pages in
`idp/pages` only show and post. OpenID Connect Core 1.0 §3.1.2.3 and §3.1.2.4.
"""
