"""The subcommands, a file each.

What is heavy is imported when a command needs it: `--help` and `check` import no torch.
"""
