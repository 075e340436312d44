"""Tries a function that a model wrote: python3 -I -B python_cases.py FUNCTION CASES

FUNCTION is a Python expression, CASES is JSON, [[[argument, ...], result], ...]. Prints "right", or what is wrong. Only harmless builtins are
within its reach. As in JSON, a tuple is a list and 2 is 2.0, but true is not 1. A part of the program (python_cases.cpp), and of tools/nano.
"""
import builtins
import json
import math
import sys

NAMES = ("abs all any bin bool chr dict divmod enumerate filter float format frozenset hash hex int isinstance iter len "
         "list map max min next oct ord pow range repr reversed round set slice sorted str sum tuple zip").split()


def same(a, b):
    if isinstance(a, bool) or isinstance(b, bool):
        return a is b
    if isinstance(a, (list, tuple)) and isinstance(b, list):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, float) and isinstance(b, (int, float)):
        return math.isclose(a, b, rel_tol=1e-9)
    return a == b


def fail(text):
    print(text.encode("ascii", "replace").decode()[:300])
    sys.exit(1)


function, cases = sys.argv[1], json.loads(sys.argv[2])
try:
    f = eval(function, {"__builtins__": {name: getattr(builtins, name) for name in NAMES}})
    if not callable(f):
        fail("it is no function")
    for arguments, expected in cases:
        shown = ", ".join(map(repr, arguments))
        got = f(*arguments)
        if not same(got, expected):
            fail(f"f({shown}) is {got!r}, not {expected!r}")
except Exception as error:
    fail(f"{type(error).__name__}: {error}")
print("right")
