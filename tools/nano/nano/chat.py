"""The chat format of the family: an item as the text that the model sees, in segments with labels.

A segment is (text, label): label 0 for what is given, k > 0 for what the model writes in its k-th turn. Borders of segments lie
where the tokenizer cannot merge across them (after a newline or beside a control token), so segments are tokenised one by one.
"""
from .items import Call, Item, Model, Results, User
from .tokenizer import QUOTE

PLACEHOLDER = {"image": "<|image|>", "audio": "<|audio|>"}
BORDERS = {"image": ("<|image>", "<image|>"), "audio": ("<|audio>", "<audio|>")}
EMPTY_THOUGHT = "<|channel>thought\n<channel|>"


def value(v) -> str:
    """A value in calls and declarations: strings between quote tokens, keys bare and sorted without regard to case."""
    if isinstance(v, bool):
        return "true" if v else "false"
    if v is None:
        return "null"
    if isinstance(v, str):
        return QUOTE + v + QUOTE
    if isinstance(v, dict):
        return "{" + ",".join(f"{k}:{value(v[k])}" for k in sorted(v, key=str.lower)) + "}"
    if isinstance(v, list):
        return "[" + ",".join(map(value, v)) + "]"
    return str(int(v)) if isinstance(v, float) and v.is_integer() else repr(v)


def property_text(schema: dict) -> str:
    parts = []
    if schema.get("description"):
        parts.append("description:" + value(schema["description"]))
    if schema.get("enum") and schema["type"] == "string":
        parts.append("enum:" + value(schema["enum"]))
    if schema["type"] == "array" and schema.get("items"):
        parts.append("items:" + items_text(schema["items"]))
    if schema["type"] == "object":
        parts.append("properties:{" + properties_text(schema.get("properties", {})) + "}")
        if schema.get("required"):
            parts.append("required:" + value(schema["required"]))
    return "{" + ",".join(parts + ["type:" + value(schema["type"].upper())]) + "}"


def items_text(schema: dict) -> str:
    """Items of an array: keys sorted, `type` in upper case, everything else as it is."""
    parts = []
    for key in sorted(schema, key=str.lower):
        if key == "type":
            parts.append("type:" + value(schema["type"].upper()))
        elif key == "properties":
            parts.append("properties:{" + properties_text(schema["properties"]) + "}")
        else:
            parts.append(f"{key}:{value(schema[key])}")
    return "{" + ",".join(parts) + "}"


def properties_text(properties: dict) -> str:
    return ",".join(f"{key}:{property_text(properties[key])}" for key in sorted(properties, key=str.lower))


def declaration(tool: dict) -> str:
    text = f"<|tool>declaration:{tool['name']}{{description:{value(tool.get('description', ''))}"
    parameters = tool.get("parameters")
    if parameters:
        parts = []
        if parameters.get("properties"):
            parts.append("properties:{" + properties_text(parameters["properties"]) + "}")
        if parameters.get("required"):
            parts.append("required:" + value(parameters["required"]))
        text += ",parameters:{" + ",".join(parts + ["type:" + value(parameters["type"].upper())]) + "}"
    return text + "}<tool|>"


def call_text(call: Call) -> str:
    return f"<|tool_call>call:{call.name}{value(call.args)}<tool_call|>"


def system_turn(system: str, think: bool, tools: list[dict]) -> str:
    if not (system or think or tools):
        return ""
    return "<|turn>system\n" + ("<|think|>\n" if think else "") + system + "".join(map(declaration, tools)) + "<turn|>\n"


def user_turn(turn: User, soft_tokens) -> str:
    """soft_tokens(media) -> number of soft tokens, or None to write placeholders as a client's request has them."""
    text = ""
    for media in turn.media:
        begin, end = BORDERS[media.kind]
        n = soft_tokens(media) if soft_tokens else None
        text += PLACEHOLDER[media.kind] if n is None else begin + PLACEHOLDER[media.kind] * n + end
    return "<|turn>user\n" + (turn.text + text if turn.text_first else text + turn.text) + "<turn|>\n"


def render(item: Item, large: bool = False, soft_tokens=None) -> list[tuple[str, int]]:
    """The whole conversation. `large`: the form of the large models, which opens an answer without thinking by an empty thought:
    only the answer that is being asked for, here the scored one, and not where it goes on after results of tools."""
    segments = [(system_turn(item.system, item.think, item.tools), 0)]
    last_user = max((i for i, t in enumerate(item.turns) if isinstance(t, User)), default=-1)
    asked = scored_turn(item)
    n_model, inside = 0, False                                # inside: a model turn is open
    for i, turn in enumerate(item.turns):
        if isinstance(turn, User):
            segments.append((user_turn(turn, soft_tokens), 0))
        elif isinstance(turn, Results):
            text = "".join(f"<|tool_response>response:{name}{{value:{value(answer)}}}<tool_response|>" for name, answer in turn.values)
            segments.append((text.removeprefix("<|tool_response>"), 0))
        else:
            n_model += 1
            if not inside:
                opening = EMPTY_THOUGHT if large and not item.think and i == asked else ""
                segments.append(("<|turn>model\n" + opening, 0))
            thought = f"<|channel>thought\n{turn.thought}\n<channel|>" if turn.thought is not None and i > last_user else ""
            inside = bool(turn.calls)
            end = "<|tool_response>" if turn.calls else "<turn|>"
            segments.append((thought + "".join(map(call_text, turn.calls)) + turn.text + end, n_model))
            if not inside:
                segments.append(("\n", 0))
    return [s for s in segments if s[0]]


def text_of(item: Item, **kw) -> str:
    return "".join(s for s, _ in render(item, **kw))


def scored_turn(item: Item) -> int:
    """Index in item.turns of the Model turn that a test asks for."""
    return [i for i, t in enumerate(item.turns) if isinstance(t, Model)][item.scored]
