// Where the parts of a schema document are and what references lead to: JSON pointers, $id (id before draft-06),
// $anchor. References stay within the document; nothing is fetched.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "constraint/schema/json_schema.h"

namespace facet::constraint {

class References {
 public:
  // Throws RequestError if the document nests deeper than 200 levels. It must outlive this.
  explicit References(const SchemaJson& document);

  // What `reference`, which stands in the object `from`, leads to. Throws RequestError if that is not here.
  const SchemaJson& resolve(const SchemaJson& from, const std::string& reference);
  // The only place in the document with this $dynamicAnchor, or null: then a dynamic reference is no static one.
  const SchemaJson* only_dynamic_anchor(const std::string& name) const;
  // The JSON pointer of an object or array of the document; "" for the root.
  std::string path(const SchemaJson& part) const;
  // Up to draft-07 all that stands beside $ref is ignored.
  bool ref_stands_alone() const noexcept { return ref_stands_alone_; }

 private:
  struct Place {
    const SchemaJson* parent;
    std::string token;  // the key or index in the parent
    uint32_t base;      // of resources_
  };
  struct Resource {
    std::string uri;
    const SchemaJson* root;
  };
  void index(const SchemaJson& document);
  void enter(const SchemaJson& part, Place& place);
  void set_base(const SchemaJson& part, Place& place, std::string_view id);
  const SchemaJson* find(const std::string& uri, const std::string& fragment, const SchemaJson* root) const;

  bool ref_stands_alone_ = false, has_legacy_id_ = false;
  std::vector<Resource> resources_;
  std::unordered_map<std::string, const SchemaJson*> anchors_;  // "uri#name"
  std::unordered_map<std::string, std::vector<const SchemaJson*>> dynamic_anchors_;
  std::unordered_map<const SchemaJson*, Place> places_;
  std::unordered_map<std::string, const SchemaJson*> resolved_;
};

}  // namespace facet::constraint
