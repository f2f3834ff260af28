EUROPE = {"DE", "ES", "FR", "IT", "NL", "PT"}


def choose_carrier(weight, country):
    """Light parcels inside Europe go by post, everything else by courier."""
    return "post" if weight <= 2 and country in EUROPE else "courier"
