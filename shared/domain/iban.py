"""IBANs (AMB-1): accepted by their check digits, shown masked."""

import re


def clean_iban(text: str) -> str:
    """The IBAN without spaces, in capitals; raises ValueError, which does not repeat it, when it is none."""
    iban = re.sub(r"[\s-]", "", text).upper()
    if not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}", iban):
        raise ValueError("must be an IBAN")
    digits = "".join(str(int(character, 36)) for character in iban[4:] + iban[:4])
    if int(digits) % 97 != 1:
        raise ValueError("must be an IBAN whose check digits are right")
    return iban


def masked_iban(iban: str) -> str:
    """The country and the last four characters."""
    return f"{iban[:2]}•• •••• {iban[-4:]}"
