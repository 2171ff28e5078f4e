"""The pages that persons see without an account, and the mails they get, in each language."""
