"""Pages on which rights are given: who changes them has signed in lately, and it is recorded."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.db.models import Manager, Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from core.admin.base import ModelAdmin, actor_of
from core.audit.models import Outcome
from core.audit.record import record
from core.pages.signing_in import AccountAdapter, is_recent

View = Callable[..., HttpResponse]


class RecentSignInAdmin(ModelAdmin):
    """A table whose pages, but for the list itself, ask who has been signed in for long to sign in
    again. What a form held then is not kept: it may be a password."""

    def get_urls(self) -> list[Any]:
        urls: list[Any] = super().get_urls()
        for each in urls:
            if hasattr(each, "callback"):
                each.callback = self._recently(each.callback)
        return urls

    def _recently(self, view: View) -> View:
        @wraps(view)
        def ask(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
            listed = reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
            is_looking = request.method in ("GET", "HEAD") and request.path == listed
            if is_looking or not request.user.is_authenticated or is_recent(request):
                return view(request, *args, **named)
            back = listed if request.path == listed else request.get_full_path()
            methods = AccountAdapter(request).get_reauthentication_methods(request.user)
            if not methods:
                logout(request)
                return redirect_to_login(back, reverse("account_login"))
            return redirect_to_login(back, methods[0]["url"])

        return ask


class RightsAdmin(RecentSignInAdmin):
    """A table of those who have rights. `rights` names the columns, `called` what a row is."""

    rights: tuple[str, ...] = ()
    called = ""

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        old = self.model._default_manager.filter(pk=obj.pk).first() if change else None
        form.rights_before = self._rights_of(old)
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        before, after = form.rights_before, self._rights_of(form.instance)
        changed = [name for name in self.rights if before.get(name) != after[name]]
        if change and not changed:
            return
        self._record(
            request,
            form.instance,
            "changed" if change else "created",
            before={name: before[name] for name in changed if name in before},
            after={name: after[name] for name in changed},
        )

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        self._record(request, obj, "deleted", before=self._rights_of(obj))
        super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        for obj in queryset:
            self._record(request, obj, "deleted", before=self._rights_of(obj))
        super().delete_queryset(request, queryset)

    def _record(self, request: HttpRequest, obj: Model, act: str, **data: Any) -> None:
        record(
            actor=actor_of(request),
            action=f"{self.called}.{act}",
            subject=f"{self.called}s/{obj.pk}",
            security=Outcome.DONE,
            called=str(obj),
            **data,
        )

    def _rights_of(self, obj: Model | None) -> dict[str, Any]:
        if obj is None:
            return {}
        found = {name: getattr(obj, name) for name in self.rights}
        return {
            name: sorted(map(str, value.all())) if isinstance(value, Manager) else value
            for name, value in found.items()
        }
