"""The carriers that exist: a folder, a gateway over HTTP, a mail server. Each keeps the laws of `Sender`."""
