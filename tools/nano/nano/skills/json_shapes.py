"""The part of JSON Schema that declarations and structured output use, and the check of a value against it."""
from typing import Any

STRING, INTEGER, NUMBER, BOOLEAN = ({"type": t} for t in ("string", "integer", "number", "boolean"))
STRINGS = {"type": "array", "items": STRING}


def enum(values: list[str]) -> dict:
    return {"type": "string", "enum": list(values)}


def record(properties: dict[str, dict]) -> dict:
    """An object whose properties are all required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def conforms(value: Any, schema: dict) -> bool:
    """Whether the value has the shape of the schema. Required properties must be there, undeclared ones must not; a
    number has a fraction, because 19 and 19.0 would be two spellings of one value."""
    kind = schema["type"]
    if kind == "object":
        return (isinstance(value, dict) and set(schema.get("required", ())) <= set(value) <= set(schema["properties"])
                and all(conforms(v, schema["properties"][k]) for k, v in value.items()))
    if kind == "array":
        return isinstance(value, list) and len(value) > 0 and all(conforms(v, schema["items"]) for v in value)
    if kind == "string":
        return isinstance(value, str) and value != "" and value in schema.get("enum", [value])
    return type(value) is {"integer": int, "number": float, "boolean": bool}[kind]


def leaves(value: Any) -> list[Any]:
    """The strings, numbers and truth values inside a value."""
    if isinstance(value, dict):
        return [x for v in value.values() for x in leaves(v)]
    return [x for v in value for x in leaves(v)] if isinstance(value, list) else [value]
