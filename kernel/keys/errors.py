"""What can be wrong with a key ring. The texts name files and purposes, never key material."""


class KeyRingError(Exception):
    """Base: the ring cannot do what was asked."""


class KeyRingMissing(KeyRingError):
    """There is no ring in this folder."""


class KeyRingExists(KeyRingError):
    """There is a ring in this folder already; it is never overwritten."""


class KeyRingDamaged(KeyRingError):
    """A file of the ring is missing, unreadable or contradicts the manifest."""


class UnsafeKeyFile(KeyRingError):
    """Somebody else than the owner may read a private key."""


class RotationRefused(KeyRingError):
    """This purpose cannot be rotated or revoked now, and the text says why."""


class HardwareUnavailable(KeyRingError):
    """The token that holds private keys cannot be reached, or cannot do what was asked."""


class UnknownKey(KeyRingError):
    """The ring holds no such key, or none for this purpose."""
