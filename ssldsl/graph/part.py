"""What every part of a plan is: plain data that does not change and has no key it should not have."""

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Closed: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)
