"""The meaning of expressions. Only `expressions` dispatches; everything else is handed `ctx.evaluate`."""
