"""Files on an SFTP server (draft-ietf-secsh-filexfer-02, version 3, over SSH: RFC 4251 to 4254).

Owns the way to one folder there: a connection to a host whose key the manifest pins, kept from look to look, on which
that folder is listed and files are read. It writes nothing, follows no link, and believes nothing that a server says of
lengths, names or sizes. Stands on paramiko for SSH itself; talks to the one host that a manifest names (ADR 0056).
"""
