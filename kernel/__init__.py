"""What every room stands on, free of the services' business words.

Owns: time, randomness and identifiers as arguments; bilingual texts; canonical JSON (RFC 8785); problems (RFC 9457);
databases (SQLite and PostgreSQL alike) and their migrations; settings, structured logs and metrics; envelope
encryption, keys and the one door to JOSE; the identifiers of Chinese government services; the tamper-evident ledger;
the web edge.

Talks to: nobody above it. Every other package may import it; it imports none of them.
"""
