// Code books of the IQ1, IQ2 and IQ3 formats: facts of the file format, taken from the GGUF project's Python package
// (gguf/quants.py). An entry packs a group of weights, first in the lowest bits: eight of 2 bits (IQ1: value + 1; IQ2:
// index into 8, 25, 43) or four in 4 bits each (IQ3: index into a table of eight magnitudes).
#pragma once

#include <array>
#include <cstdint>

namespace facet::quant {

extern const std::array<uint16_t, 2048> kIq1Grid;
extern const std::array<uint16_t, 256> kIq2XxsGrid;
extern const std::array<uint16_t, 512> kIq2XsGrid;
extern const std::array<uint16_t, 1024> kIq2SGrid;
extern const std::array<uint16_t, 256> kIq3XxsGrid;
extern const std::array<uint16_t, 512> kIq3SGrid;

}  // namespace facet::quant
