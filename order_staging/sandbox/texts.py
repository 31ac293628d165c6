"""Lengths of text as the service counts them."""


def utf16_length(text: str) -> int:
    """How many UTF-16 code units the text has, which is what JavaScript calls its length."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
