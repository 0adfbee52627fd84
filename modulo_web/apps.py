"""Makes the commands and the checks of the serving side known to Django."""

from django.apps import AppConfig


class ServingConfig(AppConfig):
    name = "modulo_web"
    verbose_name = "Serving"

    def ready(self) -> None:
        from modulo_web import checks

        checks.register()
