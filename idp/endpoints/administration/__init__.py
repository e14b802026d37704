"""The administration API: JSON under ``/admin/api/v1``, problems by RFC 9457.

Staff come with an access token of scope ``admin``, bound to their client's key (RFC 9449) and made by a sign-in of
level 3. The token says who they are; what they may do is looked up in the database at every call. The desks in
`idp/administration` ask for the right and make the change; nothing is decided here.
"""
