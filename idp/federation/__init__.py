"""Other identity providers, as witnesses of who somebody is (OpenID Connect Core 1.0, we being the relying party).

Owns: the operator's list of upstream providers, what they publish, the way there and back, and what their ID token is
taken to prove. A person who is signed in here goes there once and comes back with a higher level of assurance; nobody
signs in here through them. Nothing an upstream says is used before every check has passed, and its tokens are not kept.

Talks to: the upstream's addresses through the guarded outbound client; ``idp.proofing`` records what was
proven. Reasons: docs/adr/0027-upstream-providers-raise-levels.md.
"""
