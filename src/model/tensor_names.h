// What Hugging Face checkpoints call the tensors that GGUF files know under short names: the text model's, and those of
// the image and sound encoders (v.*, a.* and mm.*, which GGUF keeps in a projector file).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace facet::model {

// Whether a GGUF name belongs to an image or sound encoder.
bool is_encoder_tensor(std::string_view gguf_name);

// Names that the tensor may have in a checkpoint, likeliest first; none when checkpoints have no such tensor. What
// comes before them is left out: the text model's prefix, or of encoders the whole checkpoint's.
//   blk.3.attn_q.weight       layers.3.self_attn.q_proj.weight
//   v.blk.3.attn_q.weight     vision_tower.encoder.layers.3.self_attn.q_proj.linear.weight, the same without .linear
//   v.blk.3.attn_q.input_min  vision_tower.encoder.layers.3.self_attn.q_proj.input_min
std::vector<std::string> hugging_face_names(std::string_view gguf_name);

// The likeliest.
std::optional<std::string> hugging_face_name(std::string_view gguf_name);

// What the tensor is called in files of Ollama's own converter, which keep the encoders beside the text model. Two
// names mean other tensors there, so whoever asks has to know which kind of file it is.
std::string ollama_name(std::string_view gguf_name);

}  // namespace facet::model
