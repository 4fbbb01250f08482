"""A request that the service refuses has a status of HTTP beside its one line."""

from __future__ import annotations

from typing import final

from style3d.errors import Style3DError


@final
class RefusedRequest(Style3DError):
    """Why a request is not met.

    Args:
        status: of HTTP, such as 404.
        what: what is wrong.
        hint: what to do.
        wait: seconds after which it may be asked again; 0 where that is no matter of time.
    """

    def __init__(self, status: int, what: str, hint: str = "", wait: int = 0) -> None:
        super().__init__(what, hint=hint)
        self.status, self.wait = status, wait
