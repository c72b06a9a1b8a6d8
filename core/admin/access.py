"""Members of staff and API clients. A new key is shown once, when it is issued."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from allauth.account.models import EmailAddress, EmailConfirmation
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django import forms
from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Group
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from unfold.decorators import action, display
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSplitDateTimeWidget,
    UnfoldAdminTextInputWidget,
)

from core.access.keys import issue_key
from core.access.models import ApiClient, ApiKey, User
from core.access.scopes import HANDS_OVER, PASS, SCOPES, clash
from core.access.sessions import end_sessions
from core.admin.base import ROWS, ModelAdmin, ReadOnlyAdmin, ReadOnlyInline, actor_of, at
from core.admin.rights import RecentSignInAdmin, RightsAdmin
from core.audit.models import Outcome
from core.audit.record import record
from core.pages.second_factor import take_away

CODES = "Codes with commas between them; empty means all"


class StaffForm(UserChangeForm):
    class Meta(UserChangeForm.Meta):
        model = User
        fields = "__all__"
        help_texts = {"locations": CODES}
        widgets = {"locations": UnfoldAdminTextInputWidget}


@admin.register(User)
class UserAdmin(RightsAdmin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg, misc]
    called = "user"
    rights = (
        "username", "email", "role", "locations", "is_active", "is_staff", "is_superuser",
        "groups", "user_permissions",
    )  # fmt: skip
    form = StaffForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "role", "where", "is_active", "is_staff", "last_login")
    list_filter = ("role", "is_active", "is_staff", "is_superuser")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Work", {"fields": ("role", "locations")}),
        (
            "Admin",
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {"fields": ("username", "usable_password", "password1", "password2", "role")},
        ),
    )
    readonly_fields = ("last_login", "date_joined")
    actions = ("end_sessions", "take_second_factor_away")

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> Any:
        answer = super().user_change_password(request, id, form_url)
        if request.method == "POST" and answer.status_code == 302:
            record(
                actor=actor_of(request),
                action="password.changed",
                subject=f"users/{id}",
                security=Outcome.DONE,
            )
        return answer

    def has_take_away_permission(self, request: HttpRequest) -> bool:
        return request.user.is_superuser

    @admin.action(
        description="Take the second factor of these people away", permissions=["take_away"]
    )
    def take_second_factor_away(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            take_away(user=user, actor=actor_of(request))
        self.message_user(request, f"{len(queryset)} people set up a new one when they sign in.")

    def has_end_sessions_permission(self, request: HttpRequest) -> bool:
        return self.has_change_permission(request)

    @admin.action(description="End all sessions of these people", permissions=["end_sessions"])
    def end_sessions(self, request: HttpRequest, queryset: QuerySet[User]) -> None:
        for user in queryset:
            end_sessions(user)
            record(
                actor=actor_of(request),
                action="sessions.ended",
                subject=f"users/{user.pk}",
                security=Outcome.DONE,
                person=user.username,
            )
        self.message_user(request, f"{len(queryset)} people are signed out everywhere.")

    @display(description="Locations")
    def where(self, user: User) -> str:
        return ", ".join(user.locations) or "all"


admin.site.unregister(Group)
# What allauth keeps is shown on no page: a second factor is a secret, and accounts are made here.
# Its pages are imported now, so that they do not come back after this.
for module in ("account", "mfa", "socialaccount"):
    import_module(f"allauth.{module}.admin")
for kept in (Authenticator, EmailAddress, EmailConfirmation, SocialAccount, SocialApp, SocialToken):
    if admin.site.is_registered(kept):
        admin.site.unregister(kept)


@admin.register(Group)
class GroupAdmin(RightsAdmin, DjangoGroupAdmin, ModelAdmin):
    called = "group"
    rights = ("name", "permissions")


class KeyInline(ReadOnlyInline):
    model = ApiKey
    fields = ("hint", "created_at", "expires_at", "revoked_at")
    readonly_fields = ("created_at",)
    verbose_name_plural = "Keys"
    show_change_link = False


class ApiClientForm(forms.ModelForm):  # type: ignore[type-arg]
    scopes = forms.MultipleChoiceField(
        choices=[(code, f"{code} – {words}") for code, words in SCOPES.items()],
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
    )

    def clean_scopes(self) -> list[str]:
        scopes: list[str] = self.cleaned_data["scopes"]
        if clash(scopes):
            raise forms.ValidationError(
                f"Who hands over never reads the code: {PASS} goes without {HANDS_OVER} and *."
            )
        return scopes

    class Meta:
        model = ApiClient
        fields = ("name", "scopes", "channels", "locations", "requests_per_minute")
        help_texts = {
            "channels": CODES,
            "locations": CODES,
            "requests_per_minute": "Over it: 429. Empty means as many as it likes.",
        }
        widgets = {
            "channels": UnfoldAdminTextInputWidget,
            "locations": UnfoldAdminTextInputWidget,
        }


class ExpiryForm(forms.Form):
    expires_at = forms.SplitDateTimeField(
        required=False,
        label="Expires",
        widget=UnfoldAdminSplitDateTimeWidget,
        help_text="Empty: never. Keys may overlap while a client changes from one to the next.",
    )

    def clean_expires_at(self) -> Any:
        expires_at = self.cleaned_data["expires_at"]
        if expires_at and expires_at <= timezone.now():
            raise forms.ValidationError("This moment is over.")
        return expires_at


@admin.register(ApiClient)
class ApiClientAdmin(RightsAdmin):
    called = "api_client"
    rights = ("name", "scopes", "channels", "locations", "requests_per_minute")
    form = ApiClientForm
    list_display = ("name", "may", "channels_or_all", "locations_or_all", "keys_in_use")
    list_per_page = ROWS
    search_fields = ("name",)
    inlines = (KeyInline,)
    actions_detail = ("issue_key",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[ApiClient]:
        answer: QuerySet[ApiClient] = super().get_queryset(request).prefetch_related("keys")
        return answer

    @display(description="May")
    def may(self, client: ApiClient) -> str:
        return ", ".join(client.scopes) or "nothing"

    @display(description="Channels")
    def channels_or_all(self, client: ApiClient) -> str:
        return ", ".join(client.channels) or "all"

    @display(description="Locations")
    def locations_or_all(self, client: ApiClient) -> str:
        return ", ".join(client.locations) or "all"

    @display(description="Keys in use")
    def keys_in_use(self, client: ApiClient) -> int:
        now = timezone.now()
        return sum(
            key.revoked_at is None and (key.expires_at is None or key.expires_at > now)
            for key in client.keys.all()
        )

    @action(description="Issue a key", url_path="issue-key", icon="key")
    def issue_key(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Ask when the key shall expire, then issue it and show it: once, and on no other page."""
        client = self.get_object(request, object_id)
        if not self.has_change_permission(request, client):
            raise PermissionDenied
        form = ExpiryForm(request.POST if request.method == "POST" else None)
        key = None
        if request.method == "POST" and form.is_valid():
            key = issue_key(client=client, expires_at=form.cleaned_data["expires_at"])
            record(
                actor=actor_of(request),
                action="api_key.issued",
                subject=f"api_clients/{client.pk}",
                security=Outcome.DONE,
                called=client.name,
                expires_at=str(form.cleaned_data["expires_at"] or ""),
            )
        context = {
            **self.admin_site.each_context(request),
            "title": f"Issue a key to {client.name}",
            "opts": self.opts,
            "original": client,
            "client": client,
            "form": form,
            "key": key,
        }
        page = TemplateResponse(request, "core/issue_key.html", context)
        # Neither the browser nor a proxy may cache a key.
        page["Cache-Control"] = "no-store"
        return page


@admin.register(ApiKey)
class ApiKeyAdmin(RecentSignInAdmin, ReadOnlyAdmin):
    """Keys are issued on the page of their client, and revoked here."""

    list_display = ("hint", "client", "created", "expires", "revoked")
    list_filter = ("client",)
    list_select_related = ("client",)
    search_fields = ("hint", "client__name")
    ordering = ("-id",)
    actions = ("revoke",)

    @display(description="Created", ordering="id")
    def created(self, key: ApiKey) -> str:
        return at(key.created_at)

    @display(description="Expires")
    def expires(self, key: ApiKey) -> str:
        return at(key.expires_at)

    @display(description="Revoked")
    def revoked(self, key: ApiKey) -> str:
        return at(key.revoked_at)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("access.change_apikey") and self.may_change(request)

    @admin.action(description="Revoke these keys now", permissions=["revoke"])
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        live = queryset.filter(revoked_at__isnull=True).select_related("client")
        for key in live:
            record(
                actor=actor_of(request),
                action="api_key.revoked",
                subject=f"api_clients/{key.client_id}",
                security=Outcome.DONE,
                called=key.client.name,
                hint=key.hint,
            )
        count = live.update(revoked_at=timezone.now())
        self.message_user(request, f"{count} keys were revoked.")
