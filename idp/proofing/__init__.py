"""Who somebody is: accounts people make for themselves, and the proofs that raise an account's level of assurance.

A level rests on proofs that are kept (`store/proofings`), each with its method, its verifier and a digest of the
verifier's reference; the account's level is that of its best standing proof. Whoever proves their identity again keeps
the account they have, so that every department goes on knowing them by the same pairwise identifier. Talks to
authentication (accounts, codes, throttle), notices and the store; knows no HTTP.
"""
