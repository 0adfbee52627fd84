"""The pages: each view checks who asks, calls one action or reads one story, and renders it."""
