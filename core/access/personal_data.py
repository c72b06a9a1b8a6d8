"""Data of people in accounts, and in the tables of Django and allauth that go with them."""

from core.people.register import Column, Kept, Kind, Table, Whose, keep, staff

_ACCOUNT = keep("the account of a member of staff; an administrator changes or deletes it")

REGISTER = (
    Table(
        "access.User",
        Kept.ACCOUNT,
        (
            Column("username", Kind.NAME, _ACCOUNT, Whose.STAFF),
            Column("first_name", Kind.NAME, _ACCOUNT, Whose.STAFF),
            Column("last_name", Kind.NAME, _ACCOUNT, Whose.STAFF),
            Column("email", Kind.EMAIL, _ACCOUNT, Whose.STAFF),
        ),
    ),
    Table(
        "account.EmailAddress",
        Kept.ACCOUNT,
        (Column("email", Kind.EMAIL, _ACCOUNT, Whose.STAFF),),
    ),
    # What the provider of single sign-on says of a member of staff.
    Table(
        "socialaccount.SocialAccount",
        Kept.ACCOUNT,
        (
            Column("uid", Kind.REFERENCE, _ACCOUNT, Whose.STAFF),
            Column("extra_data", Kind.DOCUMENT, _ACCOUNT, Whose.STAFF),
        ),
    ),
    Table(
        "sessions.Session",
        Kept.SESSIONS,
        (Column("session_data", Kind.DOCUMENT, _ACCOUNT, Whose.STAFF),),
    ),
    # Of what the admin can change: accounts, the network, the catalogue. Customers it only shows.
    Table("admin.LogEntry", Kept.AUDIT, staff("object_repr")),
)
# Keys, codes and tokens are secrets, and say nothing of a person.
NO_PEOPLE = {
    "access.User": ("password", "locations"),
    "access.ApiClient": ("name", "scopes", "channels", "locations"),
    "access.ApiKey": ("digest", "hint"),
    "account.EmailConfirmation": ("key",),
    "admin.LogEntry": ("object_id", "change_message"),
    "auth.Group": ("name",),
    "auth.Permission": ("name", "codename"),
    "contenttypes.ContentType": ("app_label", "model"),
    "mfa.Authenticator": ("data",),
    "sessions.Session": ("session_key",),
    "socialaccount.SocialAccount": ("provider",),
    "socialaccount.SocialApp": (
        "provider",
        "provider_id",
        "name",
        "client_id",
        "secret",
        "key",
        "settings",
    ),
    "socialaccount.SocialToken": ("token", "token_secret"),
}
