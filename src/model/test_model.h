// Small GGUF models for tests, with every part that the family has: a complete tokenizer, layers of both kinds, a tail
// that shares keys and values, per-layer embeddings, experts. Tests damage them.
#pragma once

#include <fmt/format.h>

#include <numeric>
#include <random>
#include <string>
#include <vector>

#include "gguf/test_file.h"

namespace facet::model {

struct TestModelSizes {
  int n_layers = 6, n_shared = 2, n_embd = 32, n_heads = 2, head_local = 16, head_global = 32, n_ff = 64, n_ple = 8;
  int n_experts = 0, n_experts_used = 2, n_expert_ff = 16;
};

namespace test_model {

inline std::string random_f32(uint64_t n, float scale, uint32_t seed) {
  std::minstd_rand random(seed);
  std::vector<float> v(n);
  for (float& x : v) x = scale * (static_cast<float>(random() % 2001) / 1000.0f - 1.0f);
  return gguf::TestFile::f32(v);
}

inline void add_matrix(gguf::TestFile& f, const std::string& name, int n_in, int n_out, int n_stack = 1) {
  const auto seed = std::accumulate(name.begin(), name.end(), 1u,
                                    [](uint32_t h, char c) { return 31 * h + static_cast<unsigned char>(c); });
  const auto n = static_cast<uint64_t>(n_in) * static_cast<uint64_t>(n_out) * static_cast<uint64_t>(n_stack);
  std::vector<uint64_t> ne{static_cast<uint64_t>(n_in), static_cast<uint64_t>(n_out)};
  if (n_stack > 1) ne.push_back(static_cast<uint64_t>(n_stack));
  f.tensor(name, ne, quant::BlockType::F32, random_f32(n, 1 / static_cast<float>(n_in), seed));
}

inline void add_vector(gguf::TestFile& f, const std::string& name, int n, float value = 1) {
  f.tensor(name, {static_cast<uint64_t>(n)}, quant::BlockType::F32,
           gguf::TestFile::f32(std::vector<float>(static_cast<size_t>(n), value)));
}

inline std::vector<std::string> pieces() {
  std::vector<std::string> out{"<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<|turn>", "<turn|>", "\xe2\x96\x81"};
  for (int b = 0; b < 256; ++b) out.push_back(fmt::format("<0x{:02X}>", b));
  for (const char* text : {"a", "b", "c", "ab", "abc"}) out.emplace_back(text);
  return out;
}

inline void add_attention(gguf::TestFile& f, const std::string& blk, const TestModelSizes& s, int head, bool owns_kv) {
  add_vector(f, blk + "attn_norm.weight", s.n_embd);
  add_matrix(f, blk + "attn_q.weight", s.n_embd, s.n_heads * head);
  add_vector(f, blk + "attn_q_norm.weight", head);
  add_matrix(f, blk + "attn_output.weight", s.n_heads * head, s.n_embd);
  add_vector(f, blk + "post_attention_norm.weight", s.n_embd);
  if (!owns_kv) return;
  add_matrix(f, blk + "attn_k.weight", s.n_embd, head);
  add_vector(f, blk + "attn_k_norm.weight", head);
  add_matrix(f, blk + "attn_v.weight", s.n_embd, head);
}

inline void add_feed_forward(gguf::TestFile& f, const std::string& blk, const TestModelSizes& s) {
  add_vector(f, blk + "ffn_norm.weight", s.n_embd);
  add_matrix(f, blk + "ffn_gate.weight", s.n_embd, s.n_ff);
  add_matrix(f, blk + "ffn_up.weight", s.n_embd, s.n_ff);
  add_matrix(f, blk + "ffn_down.weight", s.n_ff, s.n_embd);
  add_vector(f, blk + "post_ffw_norm.weight", s.n_embd);
}

inline void add_experts(gguf::TestFile& f, const std::string& blk, const TestModelSizes& s) {
  add_matrix(f, blk + "ffn_gate_inp.weight", s.n_embd, s.n_experts);
  add_vector(f, blk + "ffn_gate_inp.scale", s.n_embd);
  add_vector(f, blk + "ffn_down_exps.scale", s.n_experts);
  for (const char* norm : {"pre_ffw_norm_2", "post_ffw_norm_1", "post_ffw_norm_2"})
    add_vector(f, blk + norm + ".weight", s.n_embd);
  add_matrix(f, blk + "ffn_gate_up_exps.weight", s.n_embd, 2 * s.n_expert_ff, s.n_experts);
  add_matrix(f, blk + "ffn_down_exps.weight", s.n_expert_ff, s.n_embd, s.n_experts);
}

inline void add_per_layer(gguf::TestFile& f, const std::string& blk, const TestModelSizes& s) {
  add_matrix(f, blk + "inp_gate.weight", s.n_embd, s.n_ple);
  add_matrix(f, blk + "proj.weight", s.n_ple, s.n_embd);
  add_vector(f, blk + "post_norm.weight", s.n_embd);
  add_vector(f, blk + "layer_output_scale.weight", 1, 0.5f);
}

// Keys that Gemma 3 and 4 spell alike, but for their prefix.
inline void add_common_keys(gguf::TestFile& f, const std::string& prefix, const TestModelSizes& s) {
  f.value("general.architecture", prefix).value("general.name", "test model").value("general.type", "model");
  const auto set = [&](const char* key, int v) { f.value(prefix + "." + key, static_cast<uint32_t>(v)); };
  set("block_count", s.n_layers);
  set("context_length", 128);
  set("embedding_length", s.n_embd);
  set("feed_forward_length", s.n_ff);
  set("attention.head_count", s.n_heads);
  set("attention.head_count_kv", 1);
  set("attention.key_length", s.head_global);
  set("attention.value_length", s.head_global);
  set("attention.sliding_window", 8);
  f.value(prefix + ".attention.layer_norm_rms_epsilon", 1e-6f).value(prefix + ".rope.freq_base", 1e6f);
}

}  // namespace test_model

// Layers alternate: local, global. With n_shared layers that own no keys and values, n_ple wide per-layer embeddings
// (0: none) and n_experts experts (0: none).
inline gguf::TestFile gemma4_file(const TestModelSizes& s = {}) {
  using namespace test_model;
  gguf::TestFile f;
  add_common_keys(f, "gemma4", s);
  f.value("gemma4.attention.key_length_swa", static_cast<uint32_t>(s.head_local));
  f.value("gemma4.attention.value_length_swa", static_cast<uint32_t>(s.head_local));
  f.value("gemma4.attention.shared_kv_layers", static_cast<uint32_t>(s.n_shared));
  f.value("gemma4.embedding_length_per_layer_input", static_cast<uint32_t>(s.n_ple));
  f.value("gemma4.final_logit_softcapping", 30.0f).value("gemma4.rope.freq_base_swa", 1e4f);
  std::vector<bool> pattern;
  for (int i = 0; i < s.n_layers; ++i) pattern.push_back(i % 2 == 0);
  f.array("gemma4.attention.sliding_window_pattern", pattern);
  if (s.n_experts > 0) {
    f.value("gemma4.expert_count", static_cast<uint32_t>(s.n_experts));
    f.value("gemma4.expert_used_count", static_cast<uint32_t>(s.n_experts_used));
    f.value("gemma4.expert_feed_forward_length", static_cast<uint32_t>(s.n_expert_ff));
  }
  const auto tokens = pieces();
  const auto n_vocab = static_cast<int>(tokens.size());
  f.value("tokenizer.ggml.model", "gemma4").array("tokenizer.ggml.tokens", tokens);
  f.array("tokenizer.ggml.merges", std::vector<std::string>{"a b", "ab c"});
  f.value("tokenizer.ggml.bos_token_id", uint32_t{2}).value("tokenizer.ggml.eos_token_id", uint32_t{6});

  add_matrix(f, "token_embd.weight", s.n_embd, n_vocab);
  add_vector(f, "output_norm.weight", s.n_embd);
  std::vector<float> divisors(static_cast<size_t>(s.head_global / 2), 1e30f);
  for (size_t i = 0; i < divisors.size() / 4; ++i) divisors[i] = 1;
  f.tensor("rope_freqs.weight", {divisors.size()}, quant::BlockType::F32, gguf::TestFile::f32(divisors));
  if (s.n_ple > 0) {
    add_matrix(f, "per_layer_token_embd.weight", s.n_layers * s.n_ple, n_vocab);
    add_matrix(f, "per_layer_model_proj.weight", s.n_embd, s.n_layers * s.n_ple);
    add_vector(f, "per_layer_proj_norm.weight", s.n_ple);
  }
  for (int i = 0; i < s.n_layers; ++i) {
    const std::string blk = fmt::format("blk.{}.", i);
    add_attention(f, blk, s, i % 2 == 0 ? s.head_local : s.head_global, i < s.n_layers - s.n_shared);
    add_feed_forward(f, blk, s);
    if (s.n_experts > 0) add_experts(f, blk, s);
    if (s.n_ple > 0) add_per_layer(f, blk, s);
  }
  return f;
}

inline TestModelSizes expert_sizes() {
  TestModelSizes s;
  s.n_shared = s.n_ple = 0;
  s.n_experts = 4;
  return s;
}

// A SentencePiece tokenizer, every third layer global; all heads are head_local wide, and nothing of Gemma 4's is
// there.
inline gguf::TestFile gemma3_file(TestModelSizes s = {}) {
  using namespace test_model;
  s.head_global = s.head_local;
  gguf::TestFile f;
  add_common_keys(f, "gemma3", s);
  f.value("gemma3.attention.sliding_window_pattern", uint32_t{3});
  auto tokens = pieces();
  tokens[5] = "<start_of_turn>";
  tokens[6] = "<end_of_turn>";
  std::vector<float> scores(tokens.size(), -100);
  f.value("tokenizer.ggml.model", "llama").array("tokenizer.ggml.tokens", tokens);
  f.array("tokenizer.ggml.scores", scores);
  f.value("tokenizer.ggml.bos_token_id", uint32_t{2}).value("tokenizer.ggml.eos_token_id", uint32_t{1});
  add_matrix(f, "token_embd.weight", s.n_embd, static_cast<int>(tokens.size()));
  add_vector(f, "output_norm.weight", s.n_embd);
  for (int i = 0; i < s.n_layers; ++i) {
    const std::string blk = fmt::format("blk.{}.", i);
    add_attention(f, blk, s, s.head_local, true);
    add_feed_forward(f, blk, s);
  }
  return f;
}

}  // namespace facet::model
