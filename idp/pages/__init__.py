"""The provider's pages: sign-in, consent or notice, sign-out; making an account, proving who one is, coming back to it.

One thing a page, and they work without scripts. Built with the kernel's page kit. A page shows and posts; what follows
from it is decided in `idp/interaction`, `idp/authentication` and `idp/proofing`. Pages about one's own account are in
`account`, those of staff in `administration`.
"""
