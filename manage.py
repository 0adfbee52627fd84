#!/usr/bin/env python
"""The one command line of Modulo: `up` starts everything, `triage` works on a bug from the shell, `doctor` examines."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "modulo_web.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
