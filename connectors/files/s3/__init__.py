"""Files in storage that speaks the S3 protocol (Amazon S3 API 2006-03-01: ListObjectsV2, GetObject).

Owns listing one prefix of one bucket and fetching objects of it, piece by piece and in exactly the state that was
listed (their ETag), with requests signed by AWS Signature Version 4. It writes nothing and follows no redirect.
Requests go through the house's own HTTP client, answers in XML through its own reader of XML (ADR 0056).
"""
