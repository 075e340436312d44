// JSON Schema as the templates print it, their omissions included: what they leave out, the models never saw.
#include "text/chat_tools.h"

#include <algorithm>
#include <array>

#include "base/error.h"

namespace facet::text {
namespace {

constexpr std::array<std::string_view, 5> kSchemaKeys = {"description", "type", "properties", "required", "nullable"};

// Jinja's idea of truth.
bool truthy(const ChatJson& v) {
  if (v.is_null()) return false;
  if (v.is_boolean()) return v.get<bool>();
  if (v.is_string() || v.is_object() || v.is_array())
    return v.is_string() ? !v.get_ref<const std::string&>().empty() : !v.empty();
  return number_text(v) != "0";
}

// What `value | upper` prints: lists the way Python does, a missing value as nothing.
std::string upper_type(const ChatJson& object) {
  if (!object.is_object() || !object.contains("type")) return {};
  const ChatJson& type = object["type"];
  if (type.is_string()) return upper_case(type.get_ref<const std::string&>());
  if (type.is_null()) return "NONE";
  if (type.is_boolean()) return type.get<bool>() ? "TRUE" : "FALSE";
  if (type.is_array()) {
    std::string list = "[";
    for (size_t i = 0; i < type.size(); ++i)
      list += (i > 0 ? ", '" : "'") +
              (type[i].is_string() ? upper_case(type[i].get_ref<const std::string&>()) : chat_json_text(type[i])) + "'";
    return list + "]";
  }
  return type.is_object() ? chat_json_text(type) : number_text(type);
}

std::string plain(const ChatJson& v) { return v.is_string() ? v.get<std::string>() : chat_json_text(v); }

class Declaration {
 public:
  Declaration(PromptBuilder& out, const std::string& where) : out_(out), where_(where) {}

  void names(const ChatJson& list) {
    if (!list.is_array()) throw_error<RequestError>("{}: \"required\": expected a list of names", where_);
    for (size_t i = 0; i < list.size(); ++i) {
      if (i > 0) out_.text(",");
      out_.quoted(plain(list[i]));
    }
  }

  // `schema_itself`: a free-form object, whose own keywords are not properties.
  void properties(const ChatJson& object, bool schema_itself) {
    bool first = true;
    for (const auto& [key, value] : sorted_entries(object)) {
      if (schema_itself && std::find(kSchemaKeys.begin(), kSchemaKeys.end(), key) != kSchemaKeys.end()) continue;
      if (!first) out_.text(",");
      first = false;
      property(key, *value);
    }
  }

 private:
  void separate() {
    if (any_) out_.text(",");
    any_ = true;
  }

  void property(const std::string& key, const ChatJson& p) {
    const bool outer = std::exchange(any_, false);
    out_.text(key + ":{");
    if (truthy(member(p, "description"))) {
      separate();
      out_.text("description:");
      out_.quoted(plain(member(p, "description")));
    }
    const std::string type = upper_type(p);
    if (type == "STRING" && truthy(member(p, "enum"))) {
      separate();
      out_.text("enum:");
      out_.value(member(p, "enum"), true);
    }
    if (type == "ARRAY" && member(p, "items").is_object() && !member(p, "items").empty()) {
      separate();
      items(member(p, "items"));
    }
    if (truthy(member(p, "nullable"))) {
      separate();
      out_.text("nullable:true");
    }
    if (type == "OBJECT") object(p);
    separate();
    out_.text("type:");
    out_.quoted(type);
    out_.text("}");
    any_ = outer;
  }

  void object(const ChatJson& p) {
    separate();
    out_.text("properties:{");
    const bool given = p.contains("properties") && p["properties"].is_object();
    nested([&] { properties(given ? p["properties"] : p, !given); });
    out_.text("}");
    if (truthy(member(p, "required"))) {
      separate();
      out_.text("required:[");
      names(p["required"]);
      out_.text("]");
    }
  }

  // Items are not filtered: every keyword is printed, the unknown ones as values.
  void items(const ChatJson& schema) {
    out_.text("items:{");
    bool first = true;
    for (const auto& [key, value] : sorted_entries(schema)) {
      if (value->is_null()) continue;
      if (!first) out_.text(",");
      first = false;
      out_.text(key + ":");
      if (key == "properties") {
        out_.text("{");
        if (value->is_object()) nested([&, v = value] { properties(*v, false); });
        out_.text("}");
      } else if (key == "required") {
        out_.text("[");
        names(*value);
        out_.text("]");
      } else if (key == "type") {
        item_type(*value);
      } else {
        out_.value(*value, true);
      }
    }
    out_.text("}");
  }

  void item_type(const ChatJson& type) {
    if (!type.is_array())
      return out_.value(type.is_string() ? ChatJson(upper_case(type.get_ref<const std::string&>())) : type, true);
    ChatJson upper = ChatJson::array();
    for (const ChatJson& t : type)
      upper.push_back(t.is_string() ? ChatJson(upper_case(t.get_ref<const std::string&>())) : t);
    out_.value(upper, true);
  }

  template <class Body>
  void nested(Body&& body) {
    const bool outer = std::exchange(any_, false);
    body();
    any_ = outer;
  }

  PromptBuilder& out_;
  const std::string& where_;
  bool any_ = false;  // whether the property being written has a keyword yet
};

void parameters(PromptBuilder& out, const ChatJson& schema, const std::string& where) {
  Declaration declaration(out, where);
  out.text(",parameters:{");
  if (truthy(member(schema, "properties"))) {
    out.text("properties:{");
    if (schema["properties"].is_object()) declaration.properties(schema["properties"], false);
    out.text("},");
  }
  if (truthy(member(schema, "required"))) {
    out.text("required:[");
    declaration.names(schema["required"]);
    out.text("],");
  }
  // The templates close the brace together with the type, so without one it stays open.
  if (truthy(member(schema, "type"))) {
    out.text("type:");
    out.quoted(upper_type(schema));
    out.text("}");
  }
}

void response(PromptBuilder& out, const ChatJson& schema) {
  out.text(",response:{");
  if (truthy(member(schema, "description"))) {
    out.text("description:");
    out.quoted(plain(member(schema, "description")));
    out.text(",");
  }
  if (upper_type(schema) == "OBJECT") {
    out.text("type:");
    out.quoted("OBJECT");
    out.text("}");
  }
}

}  // namespace

void render_tool(PromptBuilder& out, const ChatJson& tool, const std::string& where) {
  const ChatJson& function = member(tool, "function");
  if (!function.is_object() || !member(function, "name").is_string())
    throw_error<RequestError>("{}: expected {{\"type\": \"function\", \"function\": {{\"name\": ...}}}}", where);
  out.control("<|tool>");
  out.text("declaration:" + function["name"].get<std::string>() + "{description:");
  const ChatJson& description = member(function, "description");
  out.quoted(description.is_null() ? "" : plain(description));
  if (truthy(member(function, "parameters"))) parameters(out, function["parameters"], where);
  if (function.contains("response")) response(out, function["response"]);
  out.text("}");
  out.control("<tool|>");
}

}  // namespace facet::text
