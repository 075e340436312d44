#include "apps/doctor/models.h"

#include <fmt/format.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>

#include "base/error.h"
#include "base/mapped_file.h"
#include "runtime/model_facts.h"

namespace facet::apps::doctor {
namespace {

using Json = nlohmann::ordered_json;

// How products with weights of a type are computed.
std::string kernel_of(quant::BlockType type) {
  using enum quant::BlockType;
  // clang-format off
#define FACET_FLOAT_FORMAT(format) case format: return "as it is";
#define FACET_CODE_FORMAT(format) case format: return "from its blocks";
#define FACET_DECODED_FORMAT(format) case format: return "decoded to f32 first";
  // clang-format on
  switch (type) {
#include "kernels/kernels.def"
    default:
      return "none: not a weight";
  }
#undef FACET_FLOAT_FORMAT
#undef FACET_CODE_FORMAT
#undef FACET_DECODED_FORMAT
}

std::vector<TensorKind> kinds_of(const model::TensorSource& source) {
  std::map<std::string, TensorKind> kinds;
  for (const model::TensorFacts& t : source.all()) {
    std::string name(t.type_name);
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    const auto type = quant::find_block_type(name);
    TensorKind& kind = kinds[name];
    kind.type = name;
    kind.kernel = type ? kernel_of(type->type) : "none: not a weight";
    ++kind.n;
    kind.n_bytes += static_cast<int64_t>(t.n_bytes);
  }
  std::vector<TensorKind> out;
  for (auto& [name, kind] : kinds) out.push_back(std::move(kind));
  std::ranges::sort(out, std::greater<>(), &TensorKind::n_bytes);
  return out;
}

// Bytes of a file that are in the page cache.
int64_t cached_bytes_of(const std::filesystem::path& path) {
  const MappedFile file(path.string());
  const auto page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> in_memory((file.bytes().size() + page - 1) / page);
  auto* const begin = const_cast<std::byte*>(file.bytes().data());
  if (in_memory.empty() || mincore(begin, file.bytes().size(), in_memory.data()) != 0) return 0;
  const auto n = std::ranges::count_if(in_memory, [](unsigned char flags) { return (flags & 1) != 0; });
  return static_cast<int64_t>(n) * static_cast<int64_t>(page);
}

// The same of a model: a file, all shards of a split one, or a folder of safetensors.
int64_t cached_bytes(const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  const bool is_folder = fs::is_directory(path, error);
  const std::string name = is_folder ? "" : path.filename().string();
  if (!is_folder && name.find("-of-") == std::string::npos) return cached_bytes_of(path);
  const std::string stem =
      name.substr(0, name.size() - std::min(name.size(), std::string("00001-of-00001.gguf").size()));
  int64_t n = 0;
  fs::directory_iterator entry(is_folder ? path : fs::absolute(path, error).parent_path(), error);
  for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
    const std::string other = entry->path().filename().string();
    if (name.empty() ? other.ends_with(".safetensors") : other.starts_with(stem) && other.ends_with(".gguf"))
      n += cached_bytes_of(entry->path());
  }
  return n;
}

// 0.42, 5.3, 120: two digits tell what matters.
std::string rate_text(double per_s) { return fmt::format("{:.{}f}", per_s, per_s < 1 ? 2 : per_s < 10 ? 1 : 0); }

// Billions of weights of each size, counted from the published shapes: those that stay in memory, those that a token
// meets, and those of the per-layer embeddings, which stay on disk.
struct Size {
  const char* name;
  double resident, active, on_disk;
};
constexpr Size kSizes[] = {{"Gemma 3 270M", 0.27, 0.27, 0},   {"Gemma 4 E2B", 2.28, 2.28, 2.35},
                           {"Gemma 4 E4B", 4.64, 4.64, 2.82}, {"Gemma 4 12B", 11.9, 11.9, 0},
                           {"Gemma 4 26B-A4B", 25.2, 3.8, 0}, {"Gemma 4 31B", 30.7, 30.7, 0}};
struct Precision {
  const char* name;
  double bytes;  // per weight
};
constexpr Precision kPrecisions[] = {{"q4_0", 18.0 / 32}, {"q8_0", 34.0 / 32}, {"bf16", 2.0}};
// Keys and values of a few thousand tokens, buffers, tokenizer.
constexpr double kOverhead = 0.4e9;

}  // namespace

Model examine_model(const std::string& path, const runtime::EngineOptions& options, const Machine& machine) {
  Model m;
  m.path = path;
  try {
    const runtime::ModelFacts facts = runtime::read_model(path, options);
    m.architecture = facts.config.architecture;
    m.plan = facts.plan;
    m.fits = m.plan.available_bytes <= 0 || m.plan.resident_bytes <= m.plan.available_bytes;
    m.tokens_per_s = machine.ceilings.read_gb_s * 1e9 / static_cast<double>(m.plan.weight_bytes_per_token);
    m.kinds = kinds_of(*facts.weights.source);
    m.cached_bytes = find_file(options.in_memory, path) == nullptr ? cached_bytes(path) : m.plan.file_bytes;
  } catch (const Error& e) {
    m.error = e.what();
  }
  return m;
}

std::vector<Offer> offers(const Machine& machine) {
  std::vector<Offer> out;
  for (const Size& size : kSizes)
    for (const Precision& precision : kPrecisions) {
      const double resident = size.resident * 1e9 * precision.bytes, read = size.active * 1e9 * precision.bytes;
      const auto n_bytes = static_cast<int64_t>(resident + kOverhead);
      out.push_back({size.name, precision.name, n_bytes, machine.ceilings.read_gb_s * 1e9 / read,
                     n_bytes <= machine.available_bytes});
    }
  return out;
}

Json to_json(const Model& m) {
  if (!m.error.empty()) return {{"path", m.path}, {"runs", false}, {"error", m.error}};
  Json kinds = Json::array();
  for (const TensorKind& k : m.kinds)
    kinds.push_back({{"type", k.type}, {"tensors", k.n}, {"bytes", k.n_bytes}, {"kernel", k.kernel}});
  return {{"path", m.path},
          {"runs", true},
          {"architecture", m.architecture},
          {"file_bytes", m.plan.file_bytes},
          {"cached_bytes", m.cached_bytes},
          {"resident_bytes", m.plan.resident_bytes},
          {"context", m.plan.context},
          {"fits", m.fits},
          {"tokens_per_s_at_most", m.tokens_per_s},
          {"types", kinds}};
}

Json to_json(const std::vector<Offer>& list) {
  Json out = Json::array();
  for (const Offer& o : list)
    out.push_back({{"model", o.size},
                   {"type", o.type},
                   {"memory_bytes", o.n_bytes},
                   {"fits", o.fits},
                   {"tokens_per_s_at_most", o.tokens_per_s}});
  return out;
}

void print_line(const Model& m) {
  const std::string name = printable(std::filesystem::path(m.path).filename().string());
  if (!m.error.empty())
    fmt::print("  {}: does not run: {}\n", name, m.error);
  else
    fmt::print("  {}: {}, {:.2f} GB, {}, at most {} tokens/s\n", name, printable(m.architecture),
               gigabytes(m.plan.file_bytes), m.fits ? "fits" : "does not fit in memory", rate_text(m.tokens_per_s));
}

void print_details(const Model& m) {
  if (!m.error.empty()) return;
  fmt::print("    {:<14}{:.2f} GB at a context of {}, {:.2f} GB available\n", "memory",
             gigabytes(m.plan.resident_bytes), m.plan.context, gigabytes(m.plan.available_bytes));
  fmt::print("    {:<14}{:.0f} % of its {:.2f} GB are in memory already\n", "file",
             100.0 * static_cast<double>(m.cached_bytes) / static_cast<double>(std::max<int64_t>(1, m.plan.file_bytes)),
             gigabytes(m.plan.file_bytes));
  for (const TensorKind& k : m.kinds)
    fmt::print("    {:<14}{} tensors, {:.1f} MB, multiplied {}\n", k.type, k.n, static_cast<double>(k.n_bytes) / 1e6,
               k.kernel);
}

void print(const std::vector<Offer>& list) {
  fmt::print("what runs here: memory needed, tokens/s at most\n");
  for (size_t i = 0; i < list.size(); ++i) {
    if (i == 0 || list[i].size != list[i - 1].size) fmt::print("{}  {:<18}", i == 0 ? "" : "\n", list[i].size);
    const Offer& o = list[i];
    fmt::print("{:<26}", fmt::format("{} {:.1f} GB {}", o.type, gigabytes(o.n_bytes),
                                     o.fits ? rate_text(o.tokens_per_s) + "/s" : "no"));
  }
  fmt::print("\n");
}

std::vector<std::string> hints(const Model& m) {
  std::vector<std::string> out;
  if (!m.error.empty()) return out;
  const std::string name = std::filesystem::path(m.path).filename().string();
  if (!m.fits)
    out.push_back(
        fmt::format("{} needs {:.1f} GB and {:.1f} GB are available: its weights will be read from disk again "
                    "and again; use a smaller --ctx or a smaller quantisation",
                    name, gigabytes(m.plan.resident_bytes), gigabytes(m.plan.available_bytes)));
  int64_t decoded = 0, all = 0;
  for (const TensorKind& k : m.kinds) {
    all += k.n_bytes;
    if (k.kernel == "decoded to f32 first") decoded += k.n_bytes;
  }
  if (decoded > all / 4)
    out.push_back(
        fmt::format("{:.0f} % of {} is in formats without a kernel of their own: q4_0, q4_k or q8_0 are faster",
                    100.0 * static_cast<double>(decoded) / static_cast<double>(all), name));
  return out;
}

}  // namespace facet::apps::doctor
