"""Files for the program's demonstration: a picture and a spoken question from the test half, declared functions as users write them."""
import json
import os
import random
import wave

import numpy as np

from .skills.registry import PICTURES, SOUNDS
from .voices import RATE

STRING = {"type": "string"}
TOOLS = [
    {"name": "get_weather", "description": "Get the current weather for a location",
     "parameters": {"type": "object", "required": ["location"],
                    "properties": {"location": STRING | {"description": "A city"}, "unit": STRING | {"enum": ["celsius", "fahrenheit"]}}}},
    {"name": "send_message", "description": "Send a message to a person",
     "parameters": {"type": "object", "properties": {"to": STRING, "text": STRING}, "required": ["to", "text"]}},
]


def write(folder: str, spoken: str = "four legs", seed: int = 1) -> None:
    """picture.png, question.wav (a spoken question whose answer holds what it asks for) and tools.json."""
    os.makedirs(folder, exist_ok=True)
    rng = random.Random(seed)
    picture = PICTURES["shape"].make(rng, True)
    picture.turns[0].media[0].data.save(os.path.join(folder, "picture.png"), optimize=True)
    questions = (SOUNDS["spoken_question"].make(rng, True) for _ in range(1000))
    sound = next(q for q in questions if spoken in q.turns[1].text)
    samples = sound.turns[0].media[0].data
    with wave.open(os.path.join(folder, "question.wav"), "wb") as f:
        f.setnchannels(1)
        f.setsampwidth(2)
        f.setframerate(RATE)
        f.writeframes((np.clip(samples, -1, 1) * 32767).astype("<i2").tobytes())
    with open(os.path.join(folder, "tools.json"), "w") as f:
        json.dump([{"type": "function", "function": tool} for tool in TOOLS], f, indent=2)
        f.write("\n")
    print(picture.turns[0].text, picture.turns[1].text, "|", sound.turns[0].text, sound.turns[1].text)
