// What both spellings of a configuration (GGUF keys, config.json) share: filling in who reads whose keys and values,
// and the checks on the finished Config.
#pragma once

#include "base/error.h"
#include "model/config.h"

namespace facet::model {

constexpr int kMaxFeedForward = 1 << 20;

void check_layer_count(int64_t n, const std::string& source);  // before layers are allocated
void assign_kv_sources(Config& config, int n_shared, const std::string& source);
void check_config(const Config& config, const std::string& source);

}  // namespace facet::model
