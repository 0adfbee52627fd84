"""Modulo's own application: everything that is remembered."""

from django.apps import AppConfig


class BugsConfig(AppConfig):
    name = "bugs"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Modulo"
