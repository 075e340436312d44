#include "constraint/schema/references.h"

#include <algorithm>
#include <utility>

#include "base/error.h"

namespace facet::constraint {
namespace {

constexpr size_t kMaxNesting = 200;

std::string string_member(const SchemaJson& object, const char* key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_string() ? it->get<std::string>() : std::string();
}

// What these hold is data, in which "$id" and "$ref" mean nothing.
bool holds_data(std::string_view keyword) {
  return keyword == "enum" || keyword == "const" || keyword == "default" || keyword == "examples";
}

std::pair<std::string, std::string> split_fragment(const std::string& uri) {
  const size_t at = uri.find('#');
  if (at == std::string::npos) return {uri, ""};
  return {uri.substr(0, at), uri.substr(at + 1)};
}

bool has_scheme(std::string_view uri) {
  const size_t colon = uri.find(':');
  return colon != std::string_view::npos && uri.find_first_of("/?#") > colon;
}

// `reference` (no fragment) as seen from `base`.
std::string absolute_uri(const std::string& base, const std::string& reference) {
  if (reference.empty()) return base;
  if (has_scheme(reference) || base.empty()) return reference;
  const size_t authority = base.find("://");
  const size_t path = authority == std::string::npos ? 0 : std::min(base.find('/', authority + 3), base.size());
  if (reference[0] == '/') return base.substr(0, path) + reference;
  const size_t slash = base.rfind('/');
  if (slash == std::string::npos || slash < path) return base.substr(0, path) + (path > 0 ? "/" : "") + reference;
  return base.substr(0, slash + 1) + reference;
}

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool is_escape = text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0;
    if (is_escape && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string pointer_decoded(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    const bool is_escape = token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1');
    out += is_escape ? (token[++i] == '0' ? '~' : '/') : token[i];
  }
  return out;
}

std::string pointer_encoded(std::string_view key) {
  std::string out;
  for (const char c : key) {
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else
      out += c;
  }
  return out;
}

const SchemaJson* child(const SchemaJson& part, const std::string& token) {
  if (part.is_object()) {
    const auto it = part.find(token);
    return it == part.end() ? nullptr : &*it;
  }
  const bool is_index =
      !token.empty() && token.size() < 9 && token.find_first_not_of("0123456789") == std::string::npos;
  if (!part.is_array() || !is_index || std::stoul(token) >= part.size()) return nullptr;
  return &part[std::stoul(token)];
}

const SchemaJson* at_pointer(const SchemaJson* part, std::string_view pointer) {
  while (part != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const size_t end = std::min(pointer.find('/'), pointer.size());
    part = child(*part, pointer_decoded(pointer.substr(0, end)));
    pointer.remove_prefix(end);
  }
  return part;
}

}  // namespace

References::References(const SchemaJson& document) {
  const std::string dialect = document.is_object() ? string_member(document, "$schema") : "";
  const auto is_draft = [&](const char* name) { return dialect.find(name) != std::string::npos; };
  has_legacy_id_ = dialect.empty() || is_draft("draft-03") || is_draft("draft-04");
  ref_stands_alone_ = is_draft("draft-03") || is_draft("draft-04") || is_draft("draft-06") || is_draft("draft-07");
  resources_.push_back({"", &document});
  index(document);
}

void References::index(const SchemaJson& document) {
  struct Task {
    const SchemaJson* part;
    Place place;
    size_t depth;
    bool is_data;
  };
  std::vector<Task> tasks = {{&document, {nullptr, "", 0}, 0, false}};
  while (!tasks.empty()) {
    Task task = std::move(tasks.back());
    tasks.pop_back();
    if (task.depth > kMaxNesting) throw_error<RequestError>("schema nests deeper than {} levels", kMaxNesting);
    if (task.part->is_object() && !task.is_data) enter(*task.part, task.place);
    size_t i = 0;
    for (const auto& item : task.part->items()) {
      const size_t at = i++;
      if (!item.value().is_structured()) continue;
      std::string token = task.part->is_object() ? pointer_encoded(item.key()) : std::to_string(at);
      const bool is_data =
          task.is_data || (task.part->is_object() && holds_data(item.key()) && !item.value().is_object());
      tasks.push_back({&item.value(), {task.part, std::move(token), task.place.base}, task.depth + 1, is_data});
    }
    places_.emplace(task.part, std::move(task.place));
  }
}

void References::enter(const SchemaJson& part, Place& place) {
  std::string id = string_member(part, "$id");
  if (id.empty() && has_legacy_id_) id = string_member(part, "id");
  if (!id.empty()) set_base(part, place, id);
  const std::string& uri = resources_[place.base].uri;
  if (const std::string name = string_member(part, "$anchor"); !name.empty()) anchors_.emplace(uri + "#" + name, &part);
  if (const std::string name = string_member(part, "$dynamicAnchor"); !name.empty()) {
    anchors_.emplace(uri + "#" + name, &part);
    dynamic_anchors_[name].push_back(&part);
  }
}

void References::set_base(const SchemaJson& part, Place& place, std::string_view id) {
  const auto [reference, fragment] = split_fragment(std::string(id));
  if (reference.empty()) {  // before draft 2019-09 this is how anchors were written
    if (!fragment.empty()) anchors_.emplace(resources_[place.base].uri + "#" + fragment, &part);
    return;
  }
  resources_.push_back({absolute_uri(resources_[place.base].uri, reference), &part});
  place.base = static_cast<uint32_t>(resources_.size() - 1);
}

const SchemaJson* References::find(const std::string& uri, const std::string& fragment, const SchemaJson* root) const {
  if (fragment.empty() || fragment[0] == '/') return at_pointer(root, fragment);
  const auto anchor = anchors_.find(uri + "#" + fragment);
  return anchor == anchors_.end() ? nullptr : anchor->second;
}

const SchemaJson& References::resolve(const SchemaJson& from, const std::string& reference) {
  const auto place = places_.find(&from);
  const Resource& here = resources_[place == places_.end() ? 0 : place->second.base];
  const auto [relative, encoded] = split_fragment(reference);
  const std::string uri = absolute_uri(here.uri, relative), fragment = percent_decoded(encoded);
  const SchemaJson*& known = resolved_[uri + "#" + fragment];
  if (known != nullptr) return *known;
  for (const Resource& resource : resources_) {
    if (resource.uri == uri && known == nullptr) known = find(uri, fragment, resource.root);
  }
  // Many documents have an "id" that is no identifier, and point from their root all the same.
  if (known == nullptr && relative.empty()) known = find("", fragment, resources_[0].root);
  if (known == nullptr) {
    resolved_.erase(uri + "#" + fragment);
    throw_error<RequestError>(
        "schema at {}/$ref: \"{}\" leads to nothing in this document; definitions from elsewhere have to be copied "
        "into it",
        path(from), reference);
  }
  return *known;
}

const SchemaJson* References::only_dynamic_anchor(const std::string& name) const {
  const auto it = dynamic_anchors_.find(name);
  return it == dynamic_anchors_.end() || it->second.size() != 1 ? nullptr : it->second[0];
}

std::string References::path(const SchemaJson& part) const {
  std::string out;
  for (auto it = places_.find(&part); it != places_.end() && it->second.parent != nullptr;) {
    out.insert(0, "/" + it->second.token);
    it = places_.find(it->second.parent);
  }
  return out;
}

}  // namespace facet::constraint
