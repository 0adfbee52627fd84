"""How Modulo is served: settings, addresses, the web process and the supervisor that starts everything."""

import os

# Read by these libraries when they are imported, so it has to come first: nothing Modulo uses phones home.
os.environ["MEM0_TELEMETRY"] = "False"
os.environ["ANONYMIZED_TELEMETRY"] = "False"
os.environ["DO_NOT_TRACK"] = "1"
