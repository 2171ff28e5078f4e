"""The one door to pages and mails: typed functions, a value missing is a type error; the template engine loads at first use."""

from shared.pages.brand import Brand, platform_brand
from shared.pages.languages import LANGUAGES, Language, language_of
from shared.pages.log_in_pages import LogInPageName, log_in_page
from shared.pages.password_page import new_password_page
from shared.pages.persons_mails import (
    MailContent,
    MailName,
    already_registered_mail,
    confirm_address_mail,
    confirm_sign_up_mail,
    invitation_mail,
    invitation_reminder_mail,
    mail_text_version,
    publication_mail,
    reset_password_mail,
    visitor_message_mail,
    you_left_mail,
)
from shared.pages.persons_pages import (
    Agreement,
    InvitationAnswer,
    OptOutScope,
    Page,
    PageName,
    confirm_address_page,
    confirm_sign_up_page,
    error_page,
    invalid_link_page,
    invitation_page,
    opt_out_page,
    page_text_version,
)
from shared.pages.sign_up_page import Field, FieldName, sign_up_page

__all__ = [
    "LANGUAGES",
    "Agreement",
    "Brand",
    "Field",
    "FieldName",
    "InvitationAnswer",
    "Language",
    "LogInPageName",
    "MailContent",
    "MailName",
    "OptOutScope",
    "Page",
    "PageName",
    "already_registered_mail",
    "confirm_address_mail",
    "confirm_address_page",
    "confirm_sign_up_mail",
    "confirm_sign_up_page",
    "error_page",
    "invalid_link_page",
    "invitation_mail",
    "invitation_page",
    "invitation_reminder_mail",
    "language_of",
    "log_in_page",
    "mail_text_version",
    "new_password_page",
    "opt_out_page",
    "page_text_version",
    "platform_brand",
    "publication_mail",
    "reset_password_mail",
    "sign_up_page",
    "visitor_message_mail",
    "you_left_mail",
]
