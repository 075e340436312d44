#!/usr/bin/env bash
# Every test of the project, from a bare checkout on. The last line is `N passed, N failed, N skipped`; what was skipped
# and what failed stands by name above it. Exit status 1 if anything failed.
#
# usage: scripts/test.sh [--fast]
#   --fast   the release build and its tests alone
# FACET_FUZZ_SECONDS (10) is the time of each fuzz target. Logs: build/report/.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

fast=0
case ${1:-} in
  "") ;;
  --fast) fast=1 ;;
  *) sed -n '2,7s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac

goldens=${FACET_GOLDENS:-../shared/goldens}
conformance=${FACET_CONFORMANCE:-../shared/conformance}
real_model=gemma3-270m
# What sanitizers, which slow everything many times, leave to the release build. Sanitizers' own pages fault beside those
# that are counted, and they report signals in their own way.
sanitizer_skips='*.TheModelsWholeContextCanBeUsed:*SameAnswers*'
sanitizer_skips+=':ReadAheadTest.WhoComesLaterWaitsForNothing:ReadAheadTest.LockedPagesAreThere'
sanitizer_skips+=':MappedFileTest.OtherBusErrorsEndTheProgram'
# Of threads: what has one (the reference backend, the sampler, most of the constraints, a cache of one session), further
# instruction sets and families.
tsan_skips="$sanitizer_skips:*_ref:*/scalar:*/avx512*:*/amx:*/12b*:*/31b*:*/e4b*:*/26b:*/gemma3*:*Fast.*"
tsan_skips+=':Sampler.*:Allocations.*:Ceilings.*:Tuning.ChoosesOfWhatItMeasuredHere:DraftTest.EndsWhereAPlainAnswerEnds'
tsan_skips+=':*.OnePromptKeepsToItsExpectation:*.PromptsThatEndFarApartKeepToThePlan:*ProductsTest.Linear/*'
tsan_skips+=':*AttentionOpTest.WavesDoNotShow/*:Matcher.MasksAreWhatIsAccepted:Pattern.*:Numbers.*:Regexes.*:Matcher.*Many*'
tsan_skips+=':*SessionPieces.*:*StoredPrefix.TheDisk*:*StoredPrefix.What*:*StoredPrefix.AF*:*StoredPrefix.Damage*'
for name in GrowingChats Branches WhereTextsPart ASession Rewound Answers ACancelled Forgets ALimit Media TwoClients; do
  tsan_skips+=":*CachedPrefix.$name*"
done
# Of memory: what goes the same ways a thousand times.
asan_skips="$sanitizer_skips:*Equality.*_ref:*/12b*:*/31b*:*/e4b*:*.TheSplitNeverMatters:Segmenter.*Ten*:Segmenter.L*"
asan_skips+=':Segmenter.*Pieces:Segmenter.Overlaps*:VoiceActivity.*Noise:Markdown.HostileTextTakesLinearTime'
asan_skips+=':*.ManyKeysTakeTimeInProportion:Matcher.MasksAreWhatIsAccepted'
absent=()
for folder in "$goldens" "$conformance"; do [[ -d $folder ]] || absent+=("$folder"); done

report=build/report
results=$report/results.jsonl
n_jobs=$(nproc)
rm -rf "$report"
mkdir -p "$report"

record() { python3 scripts/test_report.py add "$results" "$@"; }

# stage NAME COMMAND...: runs it with its output in a log; its failure ends neither this script nor the other stages.
stage() {
  local name=$1 log=$report/${1// /-}.log start=$SECONDS status=0
  shift
  "$@" >"$log" 2>&1 || status=$?
  printf '%-32s %4d s%s\n' "$name" $((SECONDS - start)) "$([[ $status -eq 0 ]] || echo "  (status $status, $log)")"
  return $status
}

# check NAME COMMAND...: a stage that is one case.
check() {
  if stage "$@"; then
    record passed "$1"
  else
    record failed "$1" "$(errors_of "$report/${1// /-}.log")"
  fi
}

# The lines of a build's log that say what is wrong, or the end of any other log.
errors_of() {
  local errors
  errors=$(grep -E -A 4 '(error|undefined reference|Error)\b' "$1" | head -n 60)
  echo "${errors:-$(tail -n 40 "$1")}"
}

# build PRESET TARGET...: goes on after errors, so that one broken file does not hide the tests of the others.
build() {
  local preset=$1
  shift
  cmake --preset "$preset" && cmake --build --preset "$preset" --target "$@" -- -k 0
}

# run_tests PRESET LABEL [SKIPS [WHY]]: the tests of a build that have the label, all if it is empty, without those of
# SKIPS.
run_tests() {
  local dir=build/$1
  [[ -z ${3:-} ]] || record skipped "$1: $3" "${4:-too slow under a sanitizer; the release build runs them}"
  rm -rf "$dir/report"
  mkdir -p "$dir/report"
  GTEST_FILTER="*${3:+-$3}" GTEST_OUTPUT="xml:$PWD/$dir/report/" stage "$1 tests" \
    ctest --test-dir "$dir" ${2:+--label-regex "^$2\$"} --parallel "$n_jobs" --timeout 1800 \
    --output-junit report/ctest.xml
  python3 scripts/test_report.py ctest "$results" "$1" "$dir" "${absent[@]}"
}

# Prints the lines that clang-format would change.
unformatted() {
  find src tests bench fuzz \( -name '*.cpp' -o -name '*.h' -o -name '*.inl' \) -print0 |
    xargs -0 -P "$n_jobs" -n 20 clang-format --dry-run -Werror
}

check_format() {
  local version
  version=$(clang-format --version 2>/dev/null | grep -oE '[0-9]+' | head -n 1)
  if [[ $version != 14 ]]; then
    record skipped "format" "clang-format 14 decides; this is ${version:-absent}"
    return
  fi
  check "format" unformatted
}

# verify NAME FLAGS...: goldens and conformance files. With rounded activations, what has quantised weights. What takes
# minutes is left out: the real model on the reference backend, and rounded in every product.
verify() {
  local name=$1 paths=() all=("$goldens"/*/ "$conformance") path
  shift
  [[ $name != int16 ]] || all=("$goldens"/*/gguf/ "$goldens/$real_model/")
  for path in "${all[@]}"; do
    if [[ $name != cpu && $path == */"$real_model"/ ]]; then
      record skipped "verify $name: $real_model" "takes minutes; by hand: facet verify $* $path"
    elif [[ -e $path ]]; then
      paths+=("$path")
    fi
  done
  if [[ ${#paths[@]} -eq 0 ]]; then
    record skipped "verify $name" "needs $goldens or $conformance, which are not on this machine"
    return
  fi
  stage "verify $name" build/release/facet verify "$@" "${paths[@]}"
  python3 scripts/test_report.py verify "$results" "verify $name" "$report/verify-$name.log"
}

# A few questions of each skill, put to both models that come with the program, as GGUF files and as Hugging Face folders.
# Two of a skill's ten may be lost, and 2.6 to 2.8 % of all (0.2 / sqrt(59), 0.2 / sqrt(52)).
eval_nano() {
  if [[ ! -f models/nano/eval/scores.json ]]; then
    record skipped "eval nano" "models/nano/eval is not in this checkout"
    return
  fi
  local asked=(build/release/facet eval nano --check --limit 10 --margin 0.2)
  check "eval nano" "${asked[@]}" --scores quick
  check "eval nano-moe" "${asked[@]}" -m nano-moe --scores "quick nano-moe"
  check "eval nano, safetensors" "${asked[@]}" -m models/nano/hf/nano --scores quick
  check "eval nano-moe, safetensors" "${asked[@]}" -m models/nano/hf/nano-moe --scores "quick nano-moe"
}

# No question that nano is asked may occur in what it was trained on.
nano_data() {
  (cd tools/nano && python3 -m unittest nano.leaks_test nano.tool_words_test nano.judge_test nano.golden_scores_test \
    nano.score_table_test) && PYTHONPATH=tools/nano python3 -m nano.leaks models/nano/eval
}

# Texts under the masks of real schemas, judged by another validator.
random_walks() {
  stage "random walks" scripts/structure_walks.sh 500
  case $? in
    0) record passed "random walks" ;;
    3) record skipped "random walks" "$(tail -n 1 "$report/random-walks.log")" ;;
    *) record failed "random walks" "$(tail -n 20 "$report/random-walks.log")" ;;
  esac
}

# Instructions of fixed workloads, beside the recorded numbers.
count_instructions() {
  stage "instructions" scripts/count_instructions.py
  python3 scripts/test_report.py verify "$results" "instructions" "$report/instructions.log"
}

# The kernels for ARM, by a cross compiler and an emulator. On an ARM machine the release build has tested them.
arm_kernels() {
  local tool
  [[ $(uname -m) != aarch64 ]] || return 0
  for tool in aarch64-linux-gnu-g++ qemu-aarch64; do
    command -v "$tool" >/dev/null && continue
    record skipped "aarch64: kernels" "needs $tool: scripts/install-deps.sh --test"
    return
  done
  check "aarch64 build" build aarch64 unit_tests
  run_tests aarch64 unit '*/scalar' "the release build tests what is the same on every CPU"
}

fuzz_one() {
  local name corpus=$2/corpus
  name=$(basename "$1" _fuzz)
  mkdir -p "$corpus"
  [[ -d fuzz/corpus/$name ]] || { echo "no stored corpus fuzz/corpus/$name"; return 1; }
  "$1" -max_total_time="${FACET_FUZZ_SECONDS:-10}" -timeout=20 -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$2/" "$corpus" "fuzz/corpus/$name"
}

fuzz() {
  local names name
  mapfile -t names < <(find fuzz -name '*_fuzz.cpp' -printf '%f\n' | sort | sed 's/\.cpp$//')
  local start=$SECONDS
  for name in "${names[@]}"; do
    while [[ $(jobs -rp | wc -l) -ge $n_jobs ]]; do wait -n; done
    (
      mkdir -p "$report/$name"
      fuzz_one "build/fuzz/fuzz/$name" "$report/$name" >"$report/$name.log" 2>&1
      echo $? >"$report/$name.status"
    ) &
  done
  wait
  printf '%-32s %4d s\n' "fuzz, ${#names[@]} targets" $((SECONDS - start))
  for name in "${names[@]}"; do
    if [[ $(<"$report/$name.status") == 0 ]]; then
      record passed "fuzz $name"
    else
      record failed "fuzz $name" "$(grep -vE '^(#[0-9]+|INFO:|[[:space:]]*NEW_FUNC)' "$report/$name.log" | tail -n 40)"
    fi
  done
}

finish() {
  echo
  echo "total: $((SECONDS / 60)) min $((SECONDS % 60)) s"
  python3 scripts/test_report.py summary "$results"
  exit $?
}

main() {
  if ! scripts/install-deps.sh $([[ $fast -eq 1 ]] || echo --test); then
    echo "0 passed, 1 failed, 0 skipped"
    exit 1
  fi

  stage "test assets" scripts/fetch-test-assets.sh
  case $? in
    0) ;;
    3) record skipped "test assets" "a download failed: $(tail -n 1 "$report/test-assets.log")" ;;
    *) record failed "test assets" "$(tail -n 20 "$report/test-assets.log")" ;;
  esac

  # Where the packages of npm cannot be had, the test says what it needs.
  stage "page packages" npm ci --prefix tests/page --no-audit --no-fund
  check "release build" build release all
  run_tests release ""
  eval_nano
  [[ $fast -eq 1 ]] && finish

  check "nano data" nano_data
  record skipped "nano training" \
    "needs tools/nano/requirements.txt; by hand, in tools/nano: NANO_VOICES=FILE python -m unittest discover -p '*_test.py' -t ."
  random_walks
  check "includes" python3 scripts/check_includes.py
  check_format
  verify cpu
  verify int16 --activations int16
  verify ref --backend ref
  count_instructions
  arm_kernels

  check "tsan build" build tsan threaded_tests
  run_tests tsan threaded "$tsan_skips"
  record skipped "fuzz: apps" "under sanitizers the commands take minutes to compile; the release build tests them"
  check "fuzz build" build fuzz unit_tests fuzz_targets
  run_tests fuzz unit "$asan_skips"  # under the address and undefined-behaviour sanitizers, as the fuzz targets are
  fuzz
  finish
}

# Read whole before it runs, so that editing this file does not change a run under way.
main
