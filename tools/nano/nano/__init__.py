"""nano: a small Gemma 4 that is trained from nothing on data generated here."""
