#include "evaluation/python_cases.h"

#include <chrono>

#include "base/error.h"
#include "base/subprocess.h"

namespace facet::evaluation {
namespace {

// Its arguments: the function, the cases. It prints "right", or what is wrong. As in JSON, a tuple is a list and 2 is
// 2.0, but true is not 1.
constexpr const char* kScript = R"(
import builtins, json, math, sys
NAMES = ("abs all any bin bool chr dict divmod enumerate filter float format frozenset hash hex int isinstance iter len "
         "list map max min next oct ord pow range repr reversed round set slice sorted str sum tuple zip").split()
function, cases = sys.argv[1], json.loads(sys.argv[2])

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
)";

constexpr ProgramLimits kLimits{
    .time = std::chrono::seconds(10), .max_out_bytes = 1 << 16, .max_memory_bytes = int64_t{1} << 30};

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

}  // namespace

Verdict run_cases(const std::string& function, const text::ChatJson& cases, const std::string& python) {
  using End = ProgramResult::End;
  constexpr size_t kLongest = 64 << 10;  // an argument of a program may have 128 KiB
  if (function.size() > kLongest) return {Result::Wrong, "it is too long for a function"};
  if (function.find('\0') != std::string::npos) return {Result::Wrong, "it has a zero byte"};
  // Without its site packages, the user's and the environment's settings (-I), and without compiled files (-B).
  const auto run = run_program({python, "-I", "-B", "-c", kScript, function, text::chat_json_text(cases)}, kLimits);
  if (!run) return {Result::Skipped, python + " is not here to run functions"};
  if (run->end == End::OutOfTime) return {Result::Wrong, "it took more than 10 s"};
  if (run->end == End::Killed) return {Result::Wrong, fmt::format("python3 was ended by signal {}", run->status)};
  if (run->succeeded() && run->out == "right\n") return {Result::Right, ""};
  return {Result::Wrong, first_line(run->out.empty() ? run->err : run->out)};
}

}  // namespace facet::evaluation
