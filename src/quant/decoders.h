// One function per block format: the values of one block. Internal to quant/.
#pragma once

#include <cstdint>

namespace facet::quant {

using DecodeBlock = void (*)(const uint8_t* block, float* y);

void decode_q4_0(const uint8_t* b, float* y);
void decode_q4_1(const uint8_t* b, float* y);
void decode_q5_0(const uint8_t* b, float* y);
void decode_q5_1(const uint8_t* b, float* y);
void decode_q8_0(const uint8_t* b, float* y);
void decode_q1_0(const uint8_t* b, float* y);
void decode_q2_0(const uint8_t* b, float* y);
void decode_iq4_nl(const uint8_t* b, float* y);
void decode_mxfp4(const uint8_t* b, float* y);
void decode_nvfp4(const uint8_t* b, float* y);

void decode_q2_k(const uint8_t* b, float* y);
void decode_q3_k(const uint8_t* b, float* y);
void decode_q4_k(const uint8_t* b, float* y);
void decode_q5_k(const uint8_t* b, float* y);
void decode_q6_k(const uint8_t* b, float* y);
void decode_iq4_xs(const uint8_t* b, float* y);
void decode_tq1_0(const uint8_t* b, float* y);
void decode_tq2_0(const uint8_t* b, float* y);

void decode_iq1_s(const uint8_t* b, float* y);
void decode_iq1_m(const uint8_t* b, float* y);
void decode_iq2_xxs(const uint8_t* b, float* y);
void decode_iq2_xs(const uint8_t* b, float* y);
void decode_iq2_s(const uint8_t* b, float* y);
void decode_iq3_xxs(const uint8_t* b, float* y);
void decode_iq3_s(const uint8_t* b, float* y);

}  // namespace facet::quant
