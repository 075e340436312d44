// One transformer block and its sublayers. Internal to model/: gemma.cpp runs them.
#pragma once

#include "model/gemma.h"

namespace facet::model {

// What every sublayer needs.
struct Context {
  ops::Ops& op;
  const Config& config;
  const Weights& weights;
  const KvLayout& layout;
  Scratch& s;
  const Rows& rows;
  int first_per_layer = 0, n_per_layer = 0;  // the layers whose inputs s.per_layer holds
};

// The residual stream s.x of c.rows through layer `layer`.
void block(const Context& c, int layer);

// s.y <- attention(s.h); writes K and V when the layer owns them.
void attention(const Context& c, int layer);

// s.y <- dense feed-forward of s.x, or dense and experts side by side; before the last norm.
void feed_forward(const Context& c, int layer);

// s.per_layer <- the inputs of layers [first_per_layer, + n_per_layer) for c.rows, from their tokens and embeddings x.
void per_layer_inputs(const Context& c, ops::ConstMat x);
// s.x += what layer `layer` makes of its per-layer input.
void add_per_layer_input(const Context& c, int layer);

// Cosines and sines of c.rows' positions.
void rope_tables(const Context& c);

}  // namespace facet::model
