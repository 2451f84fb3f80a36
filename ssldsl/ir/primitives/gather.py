"""`gather`: the rows of all processes, in the order of processes.

Setting `parts`: the numbers of rows of several batches that lie one after another, each of which is gathered by itself.
"""

from ssldsl.ir.primitive import ONE, Primitive, Printed
from ssldsl.ir.shapes import as_input


def moved(printed: Printed, function: str) -> str:
    """A function of the rows of all processes, told which batches they are where there are several."""
    parts = printed.settings.get("parts")
    return printed.each(f"{function}({{}}, {list(parts)})" if parts else f"{function}({{}})")


PRIMITIVE = Primitive(
    "gather",
    ONE,
    drawn="through",
    type_of=as_input,
    python=lambda printed: moved(printed, "gather"),
    tools=("gather",),
    keeps_numbers=True,
)
