"""How a record is fetched from the system that owns it.

This room owns one port (`connectors.base.Connector`) with its laws written on it, the adapters that keep them (SQL
databases, HTTP services answering in JSON, XML or signed documents, other exchanges, files in folders, on SFTP servers
and in S3-compatible storage, directories), and what every source shares whatever it is made of: the mapping from the
source's words to ours, deadline, size limits, circuit breaker and concurrency limit. A source is described by a
manifest (`connectors/connector.schema.json`, JSON Schema 2020-12); adding one needs no code.

Specifications met here: RFC 8259 (JSON), RFC 9110 (HTTP), RFC 4180 (CSV), GB 18030, ECMA-376 (XLSX), JMESPath,
XML 1.0, XPath 1.0, RFC 7515 (JWS), RFC 9421 (HTTP message signatures), SFTP 3 over SSH (RFC 4251 to 4254).

It talks downwards to `kernel` only, and outwards to the systems that a manifest names. It decides nothing about who
may see what: it hands every mapped field to its caller, the exchange, which filters. ADR 0009 tells why one port.
"""
