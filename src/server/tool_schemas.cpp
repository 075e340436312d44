// The schemas of declared functions, in the forms that the chat format can write.
#include <algorithm>
#include <optional>
#include <set>

#include "server/messages.h"

namespace facet::server {
namespace {

// Beyond these a schema becomes one of any object: references can multiply without end.
constexpr int kMaxDepth = 32, kMaxSchemas = 20'000;
constexpr size_t kMaxReferredBytes = size_t{4} << 20;  // of what they lead to, each time

std::string unescape_pointer(std::string text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '~' && i + 1 < text.size() && (text[i + 1] == '0' || text[i + 1] == '1'))
      out += text[++i] == '0' ? '~' : '/';
    else
      out += text[i];
  }
  return out;
}

// "#/a/b" within the document; nothing where that leads nowhere, or elsewhere.
const Json* find_definition(const Json& document, const std::string& reference) {
  if (reference == "#") return &document;
  if (!reference.starts_with("#/")) return nullptr;
  const Json* at = &document;
  for (size_t begin = 2; begin <= reference.size();) {
    const size_t end = std::min(reference.find('/', begin), reference.size());
    const std::string key = unescape_pointer(reference.substr(begin, end - begin));
    if (!at->is_object() || !at->contains(key)) return nullptr;
    at = &(*at)[key];
    begin = end + 1;
  }
  return at;
}

class SchemaWriter {
 public:
  explicit SchemaWriter(const Json& document) : document_(document) {}

  Json write(const Json& schema, int depth = 0) {
    if (!schema.is_object()) return {{"type", "string"}};
    if (depth > kMaxDepth || ++n_written_ > kMaxSchemas) return {{"type", "object"}, {"properties", Json::object()}};
    Json out = schema;
    if (const auto reference = out.find("$ref"); reference != out.end() && reference->is_string())
      return follow(out, reference->get<std::string>(), depth);
    merge_all_of(out);
    choose_alternative(out, depth);
    use_constant(out);
    settle_type(out);
    for (const char* key : {"$schema", "$defs", "definitions", "$id"}) out.erase(key);
    if (const auto properties = out.find("properties"); properties != out.end() && properties->is_object())
      for (auto& [name, value] : properties->items()) value = write(value, depth + 1);
    if (const auto items = out.find("items"); items != out.end() && items->is_object() && !items->empty())
      *items = write(*items, depth + 1);
    return out;
  }

 private:
  // What stands beside a reference, such as a description, goes before what it leads to.
  Json follow(Json beside, const std::string& reference, int depth) {
    const Json* found = find_definition(document_, reference);
    beside.erase("$ref");
    if (found == nullptr || !found->is_object() || !has_room_for(*found) || !open_.insert(reference).second)
      return {{"type", "object"}, {"properties", Json::object()}};
    Json merged = *found;
    for (const auto& [key, value] : beside.items()) merged[key] = value;
    Json out = write(merged, depth + 1);
    open_.erase(reference);
    return out;
  }

  bool has_room_for(const Json& referred) {
    if (n_referred_bytes_ <= kMaxReferredBytes) n_referred_bytes_ += text::chat_json_text(referred).size();
    return n_referred_bytes_ <= kMaxReferredBytes;
  }

  void merge_all_of(Json& schema) {
    const auto all = schema.find("allOf");
    if (all == schema.end() || !all->is_array()) return;
    const Json parts = *all;
    schema.erase("allOf");
    for (const Json& part : parts) merge(schema, resolved(part));
  }

  static void merge(Json& into, const Json& part) {
    if (!part.is_object()) return;
    for (const auto& [key, value] : part.items()) {
      if (!into.contains(key))
        into[key] = value;
      else if (into[key].is_object() && value.is_object())
        for (const auto& [k, v] : value.items()) into[key][k] = v;
      else if (into[key].is_array() && value.is_array())
        for (const Json& v : value)
          if (std::ranges::find(into[key], v) == into[key].end()) into[key].push_back(v);
    }
  }

  Json resolved(const Json& part) const {
    if (part.is_object() && part.contains("$ref") && part["$ref"].is_string())
      if (const Json* found = find_definition(document_, part["$ref"].get<std::string>())) return *found;
    return part;
  }

  // One type of several: bare types are listed together, of others the first stands for all.
  void choose_alternative(Json& schema, int depth) {
    for (const char* key : {"anyOf", "oneOf"}) {
      const auto found = schema.find(key);
      if (found == schema.end() || !found->is_array() || found->empty()) continue;
      const Json parts = *found;
      schema.erase(key);
      Json types = Json::array();
      std::optional<Json> first;
      bool are_bare = true;
      for (const Json& part : parts) {
        const Json type = part.is_object() ? part.value("type", Json()) : Json();
        if (type == "null") {
          schema["nullable"] = true;
          continue;
        }
        are_bare = are_bare && part.is_object() && part.size() == 1 && type.is_string();
        types.push_back(type);
        if (!first) first = part;
      }
      if (!first) {
        schema["type"] = "null";
      } else if (are_bare && types.size() > 1) {
        schema["type"] = types;
      } else {
        const Json chosen = write(*first, depth + 1);
        for (const auto& [name, value] : chosen.items())
          if (!schema.contains(name)) schema[name] = value;
      }
    }
  }

  static void use_constant(Json& schema) {
    if (!schema.contains("const")) return;
    const Json constant = schema["const"];
    if (constant.is_string() && !schema.contains("enum")) schema["enum"] = Json::array({constant});
    if (!schema.contains("type"))
      schema["type"] = constant.is_string()           ? "string"
                       : constant.is_boolean()        ? "boolean"
                       : constant.is_number_integer() ? "integer"
                       : constant.is_number()         ? "number"
                       : constant.is_array()          ? "array"
                       : constant.is_object()         ? "object"
                                                      : "null";
    schema.erase("const");
  }

  static void settle_type(Json& schema) {
    if (const Json type = schema.value("type", Json()); type.is_array()) {
      Json rest = Json::array();
      for (const Json& t : type) {
        if (t == "null")
          schema["nullable"] = true;
        else
          rest.push_back(t);
      }
      schema["type"] = rest.size() == 1 ? rest[0] : rest.empty() ? Json("null") : rest;
    }
    if (!schema.contains("type") || (!schema["type"].is_string() && !schema["type"].is_array()))
      schema["type"] = schema.contains("properties") ? "object" : schema.contains("items") ? "array" : "string";
    if (schema["type"] == "object" && !schema.contains("properties")) {
      schema["properties"] = Json::object();
      for (const char* key : {"additionalProperties", "minProperties", "maxProperties", "patternProperties"})
        schema.erase(key);
    }
  }

  const Json& document_;
  int n_written_ = 0;
  size_t n_referred_bytes_ = 0;
  std::set<std::string> open_;  // references that are being followed
};

}  // namespace

Json prepare_tools(const Json& tools) {
  if (!tools.is_array()) return tools;
  Json out = tools;
  for (Json& tool : out) {
    if (!tool.is_object() || !tool.contains("function") || !tool["function"].is_object()) continue;
    Json& function = tool["function"];
    if (const auto parameters = function.find("parameters"); parameters != function.end() && parameters->is_object()) {
      const Json document = *parameters;
      *parameters = SchemaWriter(document).write(document);
      (*parameters)["type"] = "object";
    }
    if (const auto response = function.find("response"); response != function.end()) {
      if (response->is_object() && response->value("type", Json()) == "object") {
        const Json document = *response;
        *response = SchemaWriter(document).write(document);
      } else {
        function.erase("response");
      }
    }
  }
  return out;
}

}  // namespace facet::server
