"""Places in a text the way browsers count them: in UTF-16 units."""


def width(text: str) -> int:
    return len(text) if text.isascii() else len(text) + sum(character > "\uffff" for character in text)


def head(text: str, units: int) -> str:
    """The first `units` UTF-16 units of `text`; a character that would be cut in two is left out."""
    if text.isascii():
        return text[:units]
    return text.encode("utf-16-le", "surrogatepass")[: 2 * units].decode("utf-16-le", "ignore")
