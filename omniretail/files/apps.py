from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "omniretail.files"
    label = "files"
    verbose_name = "Files in and out"
