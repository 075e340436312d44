#!/usr/bin/env python3
"""Texts that structure_walks made, against the package `jsonschema`, which knows nothing of facet.

usage: check_walks.py SCHEMAS.jsonl WALKS.jsonl

Prints what is wrong and a count; exit status 1 if a text does not obey its schema, a walk got stuck, or hardly any
ended. What is not compared, since the validator is no judge of it:
- `format` is not looked at: jsonschema takes it for an annotation unless told otherwise, and knows others. Where it says
  which of several schemas holds (oneOf, not), its text is left out.
- Patterns are written anew for Python, whose \\d, \\w and $ are not ECMA-262's; a schema that has one which Python does
  not know at all is left out.
- Numbers are read as decimals, for they are exact in facet; those with exponents that no decimal can have are left out.
"""
import decimal
import json
import re
import sys

import jsonschema

# What ECMA-262 means by them. In a class the brackets go.
CLASSES = {"d": "[0-9]", "D": "[^0-9]", "w": "[A-Za-z0-9_]", "W": "[^A-Za-z0-9_]"}
LEAST_ENDED = 0.8  # of the walks: a pattern may not be met by chance


def python_pattern(pattern):
    """Raises re.error for what cannot be said in Python."""
    out, is_class = [], False
    for part in re.findall(r"\\u\{[0-9A-Fa-f]+\}|\\.|\(\?<(?![=!])|.", pattern, re.DOTALL):
        if part[0] == "\\" and part[1] in CLASSES and not (is_class and part[1] in "DW"):
            out.append(CLASSES[part[1]][1:-1] if is_class else CLASSES[part[1]])
        elif part[0] == "\\" and part[1] in "/-\"'@_:#%&=!<>~,;` ":
            out.append(re.escape(part[1]))
        elif part == "$" and not is_class:
            out.append(r"\Z")
        elif part == "." and not is_class:
            out.append(r"[^\n\r\u2028\u2029]")
        elif part == "(?<":
            out.append("(?P<")
        elif part == "[" and is_class:
            out.append(r"\[")
        else:
            is_class = {"[": True, "]": False}.get(part, is_class)
            out.append(part)
    text = "".join(out)
    re.compile(text)
    return text


def for_python(schema):
    """The schema with its patterns written for Python."""
    if isinstance(schema, list):
        return [for_python(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    out = {}
    for key, value in schema.items():
        if key == "pattern" and isinstance(value, str):
            out[key] = python_pattern(value)
        elif key == "patternProperties" and isinstance(value, dict):
            out[key] = {python_pattern(pattern): for_python(part) for pattern, part in value.items()}
        elif key in ("enum", "const"):
            out[key] = value
        else:
            out[key] = for_python(value)
    return out


def read(text):
    return json.loads(text, parse_float=decimal.Decimal)


def depends_on_format(error):
    """Whether what is wrong is that a schema holds which might not, if its formats were looked at."""
    while error is not None:
        if error.validator in ("oneOf", "not") and "'format':" in str(error.validator_value):
            return True
        error = error.parent
    return False


class Checker:
    def __init__(self, schemas_path):
        with open(schemas_path, encoding="utf-8") as lines:
            self.schemas = [read(line)["schema"] for line in lines]
        self.validators = {}
        self.counts = dict.fromkeys(("obeyed", "unfinished", "left out", "refused schemas", "wrong"), 0)

    def validator(self, i):
        if i not in self.validators:
            schema = self.schemas[i]
            cls = jsonschema.validators.validator_for(schema, default=jsonschema.Draft202012Validator)
            try:
                self.validators[i] = cls(for_python(schema))
            except re.error:
                self.validators[i] = None
        return self.validators[i]

    def verdict(self, walk):
        if "refused" in walk:
            # Only a text that had been begun can get stuck.
            return "wrong" if not walk["refused"].startswith("schema") else "refused schemas"
        if not walk["ended"] and walk["limit"] > 0:
            walk["refused"] = f"not brought to its end within {walk['limit']} tokens"
            return "wrong"
        if not walk["ended"]:
            return "unfinished"
        validator = self.validator(walk["line"])
        try:
            if validator is None:
                return "left out"
            value = read(walk["text"])
            error = jsonschema.exceptions.best_match(validator.iter_errors(value))
        except (decimal.DecimalException, OverflowError):
            return "left out"
        except (ValueError, jsonschema.exceptions.ValidationError) as exception:
            error = exception
        if error is None:
            return "obeyed"
        if isinstance(error, jsonschema.exceptions.ValidationError) and depends_on_format(error):
            return "left out"
        walk["refused"] = str(error).splitlines()[0]
        return "wrong"

    def check(self, walk):
        verdict = self.verdict(walk)
        self.counts[verdict] += 1
        if verdict == "wrong":
            print(f"{walk['id']}: {walk['refused']}: {walk.get('text', '')}")


def main():
    if len(sys.argv) != 3:
        print("usage: check_walks.py SCHEMAS.jsonl WALKS.jsonl", file=sys.stderr)
        return 2
    checker = Checker(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as walks:
        for line in walks:
            checker.check(json.loads(line))
    counts = checker.counts
    print(", ".join(f"{n} {what}" for what, n in counts.items()))
    n_walks = sum(counts.values()) - counts["refused schemas"]
    return 1 if counts["wrong"] > 0 or counts["obeyed"] < LEAST_ENDED * n_walks else 0


if __name__ == "__main__":
    sys.exit(main())
