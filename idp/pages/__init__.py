"""The provider's pages: sign-in, one-time code, consent or notice, sign-out.

One thing a page, and they work without scripts. Built with the kernel's page kit. A page shows and posts; what follows
from it is decided in `idp/interaction` and `idp/authentication`.
"""
