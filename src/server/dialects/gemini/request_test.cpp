#include "server/dialects/gemini/request.h"

#include <gtest/gtest.h>

#include "server/dialects/gemini/normal_form.h"

namespace facet::server {
namespace {

GeminiRequest gemini(Json body) {
  body.emplace("contents", Json::parse(R"([{"role": "user", "parts": [{"text": "Hi"}]}])"));
  const Json normal = gemini_normal_form(std::move(body));
  return gemini_request(Fields(normal), "nano");
}

GeminiRequest gemini_config(const char* config) { return gemini({{"generationConfig", Json::parse(config)}}); }

std::string gemini_refusal(Json body) {
  try {
    gemini(std::move(body));
  } catch (const ApiError& e) {
    EXPECT_EQ(e.status(), 400);
    return e.what();
  }
  return {};
}

TEST(GeminiNormalForm, BothSpellingsAreOne) {
  const Json camel = Json::parse(R"({"systemInstruction": {"parts": []}, "generationConfig": {"maxOutputTokens": 8},
      "tools": [{"functionDeclarations": [{"name": "f", "parametersJsonSchema": {"x_y": {"a_b": 1}}}]}]})");
  const Json snake = Json::parse(R"({"system_instruction": {"parts": []}, "generation_config": {"max_output_tokens": 8},
      "tools": [{"function_declarations": [{"name": "f", "parameters_json_schema": {"x_y": {"a_b": 1}}}]}]})");
  EXPECT_EQ(gemini_normal_form(snake), camel);
  EXPECT_EQ(gemini_normal_form(camel), camel);
}

TEST(GeminiNormalForm, WhatIsNamedTwiceIsThereOnce) {
  EXPECT_EQ(gemini_normal_form(Json::parse(R"({"top_k": 1, "seed": 3, "topK": 2})")).dump(), R"({"topK":2,"seed":3})");
  const Json schema = Json::parse(R"({"properties": {"a": {}, "b": {}}, "propertyOrdering": ["b", "none", "b", 1]})");
  EXPECT_EQ(gemini_json_schema(schema).dump(), R"({"properties":{"b":{},"a":{}}})");
}

TEST(GeminiNormalForm, DataKeepsItsKeys) {
  const Json data = Json::parse(R"({"functionCall": {"name": "f", "args": {"first_name": {"a_b": 1}}},
      "parameters": {"properties": {"first_name": {"type": "STRING"}}, "required": ["first_name"]}})");
  EXPECT_EQ(gemini_normal_form(data), data);
  EXPECT_EQ(gemini_normal_form(Json::parse(R"({"properties": {"a_b": {"any_of": [{"min_items": 1}]}}})")),
            Json::parse(R"({"properties": {"a_b": {"anyOf": [{"minItems": 1}]}}})"));
}

TEST(GeminiSchema, BecomesJsonSchema) {
  EXPECT_EQ(gemini_json_schema(Json::parse(R"({"type": "OBJECT", "propertyOrdering": ["b", "a"], "required": ["a"],
      "properties": {"a": {"type": "INTEGER", "format": "int32"},
                     "b": {"type": "ARRAY", "minItems": "1", "items": {"type": "STRING", "enum": ["x"], "format": "enum"}},
                     "c": {"type": "STRING", "nullable": true}}})"))
                .dump(),
            Json::parse(R"({"type": "object", "required": ["a"], "properties": {
      "b": {"type": "array", "minItems": 1, "items": {"type": "string", "enum": ["x"]}},
      "a": {"type": "integer"}, "c": {"anyOf": [{"type": "string"}, {"type": "null"}]}}})")
                .dump());
  const Json plain = Json::parse(R"({"type": "object", "properties": {"a": {"type": ["string", "null"]}}})");
  EXPECT_EQ(gemini_json_schema(plain), plain);
}

TEST(GeminiRequest, ConfigBecomesSampling) {
  const GenerationRequest r = gemini_config(R"({"temperature": 0.5, "topP": 0.9, "top_k": 20.0, "seed": 3,
      "maxOutputTokens": 8, "stopSequences": ["XYZ"], "candidateCount": 2, "responseLogprobs": true, "logprobs": 3,
      "presencePenalty": 0.1, "frequencyPenalty": 0.2})")
                                  .generation;
  EXPECT_FLOAT_EQ(r.sampling.temperature.value(), 0.5f);
  EXPECT_FLOAT_EQ(r.sampling.top_p.value(), 0.9f);
  EXPECT_EQ(r.sampling.top_k, 20);
  EXPECT_EQ(r.sampling.seed, 3u);
  EXPECT_FLOAT_EQ(r.sampling.presence_penalty.value(), 0.1f);
  EXPECT_FLOAT_EQ(r.sampling.frequency_penalty.value(), 0.2f);
  EXPECT_EQ(r.max_tokens, 8);
  EXPECT_EQ(r.stop, std::vector<std::string>{"XYZ"});
  EXPECT_EQ(r.n, 2);
  EXPECT_EQ(r.n_logprobs, 3);
}

TEST(GeminiRequest, FormatsOfAnswers) {
  using Kind = OutputFormat::Kind;
  EXPECT_EQ(gemini_config("{}").generation.format.kind, Kind::Text);
  EXPECT_EQ(gemini_config(R"({"responseMimeType": "application/json"})").generation.format.kind, Kind::JsonObject);
  for (const char* config :
       {R"({"responseMimeType": "application/json", "responseSchema": {"type": "STRING"}})",
        R"({"response_mime_type": "application/json", "response_json_schema": {"type": "string"}})"}) {
    const OutputFormat format = gemini_config(config).generation.format;
    EXPECT_EQ(format.kind, Kind::Schema);
    EXPECT_EQ(format.schema, Json({{"type", "string"}}));
  }
  const OutputFormat choice = gemini_config(R"({"responseMimeType": "text/x.enum",
      "responseSchema": {"type": "STRING", "enum": ["a", "b"]}})")
                                  .generation.format;
  EXPECT_EQ(choice.kind, Kind::Choice);
  EXPECT_EQ(choice.choices, (std::vector<std::string>{"a", "b"}));
  EXPECT_NE(gemini_refusal({{"generationConfig", {{"responseMimeType", "text/html"}}}}), "");
}

TEST(GeminiRequest, ThinkingInAllForms) {
  const auto shown = gemini_config(R"({"thinkingConfig": {"include_thoughts": true, "thinking_budget": 64}})");
  EXPECT_TRUE(shown.shows_thoughts);
  EXPECT_EQ(shown.generation.thinking.on, true);
  EXPECT_EQ(shown.generation.thinking.budget, 64);
  EXPECT_EQ(gemini_config(R"({"thinkingConfig": {"thinkingBudget": 0}})").generation.thinking.on, false);
  EXPECT_EQ(gemini_config(R"({"thinkingConfig": {"thinkingBudget": -1}})").generation.thinking.on, true);
  EXPECT_EQ(gemini_config(R"({"thinkingConfig": {"thinkingLevel": "LOW"}})").generation.thinking.budget,
            thinking_of_effort("low", "").budget);
  EXPECT_FALSE(gemini_config("{}").generation.thinking.on);
}

TEST(GeminiRequest, ContentsBecomeMessages) {
  const GenerationRequest r =
      gemini(Json::parse(R"({"systemInstruction": {"parts": [{"text": "Be brief."}], "role": "user"},
      "contents": [{"role": "user", "parts": [{"text": "Set red"}]},
        {"role": "model", "parts": [{"text": "hm", "thought": true}, {"functionCall": {"name": "f", "args": {"a": 1}}}]},
        {"role": "user", "parts": [{"functionResponse": {"name": "f", "response": {"result": "ok"}}}]},
        {"parts": [{"text": "Go on."}]}]})"))
          .generation;
  EXPECT_EQ(r.messages,
            Json::parse(R"([{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Set red"},
      {"role": "assistant", "content": "", "reasoning_content": "hm",
       "tool_calls": [{"type": "function", "function": {"name": "f", "arguments": {"a": 1}}}]},
      {"role": "tool", "name": "f", "content": "ok"}, {"role": "user", "content": "Go on."}])"));
  EXPECT_FALSE(r.continues_last);
}

TEST(GeminiRequest, PicturesKeepTheirPlaces) {
  const GenerationRequest r = gemini(Json::parse(R"({"contents": [{"parts": [{"inlineData": {"mime_type": "image/png",
      "data": "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk-M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="}},
      {"text": "What?"}]}], "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"}})"))
                                  .generation;
  EXPECT_EQ(r.messages[0]["content"], Json::parse(R"([{"type": "image"}, {"type": "text", "text": "What?"}])"));
  ASSERT_EQ(r.media.size(), 1u);
  EXPECT_EQ(r.media[0].bytes.substr(1, 3), "PNG");
  EXPECT_EQ(r.media[0].budget, "low");
  EXPECT_EQ(r.media[0].place, "contents[0].parts[0].inlineData.data");
}

TEST(GeminiRequest, FunctionsAndModes) {
  const char* tools = R"([{"functionDeclarations": [{"name": "f", "description": "d", "parameters": {"type": "OBJECT"}},
      {"name": "g", "parameters_json_schema": {"type": "object"}}, {"name": "h"}]}, {"googleSearch": {}}])";
  const auto choose = [&](const char* calling) {
    return gemini({{"tools", Json::parse(tools)}, {"toolConfig", {{"functionCallingConfig", Json::parse(calling)}}}})
        .generation;
  };
  EXPECT_EQ(choose("{}").tools, Json::parse(R"([
      {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"type": "object"}}},
      {"type": "function", "function": {"name": "g", "parameters": {"type": "object"}}},
      {"type": "function", "function": {"name": "h", "parameters": {"type": "object"}}}])"));
  using Kind = ToolChoice::Kind;
  EXPECT_EQ(choose(R"({"mode": "AUTO"})").tool_choice.kind, Kind::Auto);
  EXPECT_EQ(choose(R"({"mode": "NONE"})").tool_choice.kind, Kind::None);
  EXPECT_EQ(choose(R"({"mode": "ANY"})").tool_choice.kind, Kind::Required);
  EXPECT_EQ(choose(R"({"mode": "ANY", "allowed_function_names": ["g"]})").tool_choice.name, "g");
  EXPECT_EQ(choose(R"({"mode": "ANY", "allowedFunctionNames": ["f", "g"]})").tool_choice.allowed.size(), 2u);
}

TEST(GeminiRequest, EmbeddingsOfOneOrMany) {
  const Json one =
      Json::parse(R"({"content": {"parts": [{"text": "al"}, {"text": "pha"}]}, "outputDimensionality": 128})");
  EXPECT_EQ(gemini_embedding(Fields(one), "nano").inputs.at(0).text, "alpha");
  Json other = one;
  const Json both = {{"requests", {one, other}}};
  EXPECT_EQ(gemini_embeddings(Fields(both), "nano").inputs.size(), 2u);
  EXPECT_EQ(gemini_embeddings(Fields(both), "nano").dimensions, 128);
  other["outputDimensionality"] = 64;
  const Json mixed = {{"requests", {one, other}}};
  EXPECT_THROW(gemini_embeddings(Fields(mixed), "nano"), ApiError);
}

TEST(GeminiRequest, WhatIsWrongIsNamed) {
  const auto contents = [](const char* text) { return Json{{"contents", Json::parse(text)}}; };
  EXPECT_EQ(gemini_refusal(contents(R"([{"role": "robot", "parts": [{"text": "x"}]}])")),
            "contents[0].role: 'robot' is no role, expected user or model");
  EXPECT_NE(gemini_refusal(contents("[]")), "");
  EXPECT_NE(gemini_refusal(contents(R"([{"parts": [{"hologram": {}}]}])")).find("contents[0].parts[0]"),
            std::string::npos);
  EXPECT_NE(gemini_refusal(contents(R"([{"parts": [{"fileData": {"fileUri": "https://x/y.png"}}]}])")), "");
  EXPECT_NE(gemini_refusal({{"cachedContent", "cachedContents/1"}}), "");
  EXPECT_NE(gemini_refusal({{"generationConfig", {{"responseModalities", {"IMAGE"}}}}}), "");
}

}  // namespace
}  // namespace facet::server
