"""What a scanner has typed on a keyboard of another country than the computer believes in.

A scanner sends keys, not characters: set to an Italian keyboard, it types the hyphen on the key
where a computer with an American layout has the slash.
"""

from __future__ import annotations

from functools import cache

LONGEST = 64  # characters; no code of an article is longer

# The same keys in the same order: the four rows of a keyboard, then the same with Shift.
_LAYOUTS = {
    "us": (
        "`1234567890-=qwertyuiop[]\\asdfghjkl;'zxcvbnm,./",
        '~!@#$%^&*()_+QWERTYUIOP{}|ASDFGHJKL:"ZXCVBNM<>?',
    ),
    "uk": (
        "`1234567890-=qwertyuiop[]#asdfghjkl;'zxcvbnm,./",
        '¬!"£$%^&*()_+QWERTYUIOP{}~ASDFGHJKL:@ZXCVBNM<>?',
    ),
    "it": (
        "\\1234567890'ìqwertyuiopè+ùasdfghjklòàzxcvbnm,.-",
        '|!"£$%&/()=?^QWERTYUIOPé*§ASDFGHJKLç°ZXCVBNM;:_',
    ),
    "de": (
        "^1234567890ß´qwertzuiopü+#asdfghjklöäyxcvbnm,.-",
        "°!\"§$%&/()=?`QWERTZUIOPÜ*'ASDFGHJKLÖÄYXCVBNM;:_",
    ),
    "fr": (
        "²&é\"'(-è_çà)=azertyuiop^$*qsdfghjklmùwxcvbn,;:!",
        "²1234567890°+AZERTYUIOP¨£µQSDFGHJKLM%WXCVBN?./§",
    ),
    "es": (
        "º1234567890'¡qwertyuiop`+çasdfghjklñ´zxcvbnm,.-",
        'ª!"·$%&/()=?¿QWERTYUIOP^*ÇASDFGHJKLÑ¨ZXCVBNM;:_',
    ),
}


def as_typed_elsewhere(text: str) -> set[str]:
    """Return what a text was if scanner and computer disagree about the layout, for each pair."""
    if len(text) > LONGEST:
        return set()
    return {text.translate(table) for table in _tables()} - {text}


@cache
def _tables() -> list[dict[int, str]]:
    whole = {name: plain + shifted for name, (plain, shifted) in _LAYOUTS.items()}
    return [
        {ord(shown): meant for shown, meant in zip(computer, scanner, strict=True)}
        for computer in whole.values()
        for scanner in whole.values()
        if computer != scanner
    ]
