#include "server/model_catalog.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "server/api_error.h"

namespace facet::server {
namespace {

std::vector<ServedModel> two_models() { return {{"gemma-3-270m-it", "/m/a.gguf"}, {"Gemma4:E2B", "/m/b.gguf"}}; }

int status_of(const std::function<void()>& what) {
  try {
    what();
  } catch (const ApiError& e) {
    return e.status();
  }
  return 200;
}

TEST(ModelNames, AreFoundAsClientsWriteThem) {
  ModelCatalog catalog(two_models, {});
  EXPECT_EQ(catalog.find("").path, "/m/a.gguf");
  for (const char* name :
       {"gemma-3-270m-it", "GEMMA-3-270m-IT", "gemma-3-270m-it:latest", "gemma-3-270m-it.gguf", "gemma-3-270m-it:q8_0"})
    EXPECT_EQ(catalog.find(name).path, "/m/a.gguf") << name;
  EXPECT_EQ(catalog.find("gemma4:e2b").path, "/m/b.gguf");
  EXPECT_EQ(status_of([&] { catalog.find("gpt-4o"); }), 404);
  EXPECT_EQ(status_of([&] { catalog.find("gemma4"); }), 404);
}

TEST(ModelNames, CanBeAddedAndOutliveTheServer) {
  const std::string file = testing::TempDir() + "/facet-names.json";
  std::filesystem::remove(file);
  {
    ModelCatalog catalog(two_models, {}, file);
    catalog.add_name("gemma4:e2b", "mine");
    EXPECT_EQ(catalog.find("mine:latest").path, "/m/b.gguf");
    EXPECT_EQ(status_of([&] { catalog.add_name("nobody", "x"); }), 404);
    EXPECT_EQ(status_of([&] { catalog.add_name("mine", "gemma-3-270m-it"); }), 409);
    EXPECT_EQ(status_of([&] { catalog.add_name("mine", "a\nb"); }), 400);
  }
  ModelCatalog again(two_models, {}, file);
  EXPECT_EQ(again.find("mine").path, "/m/b.gguf");
  again.remove_name("MINE");
  EXPECT_EQ(status_of([&] { again.find("mine"); }), 404);
  EXPECT_EQ(status_of([&] { again.remove_name("gemma4:e2b"); }), 409);
  replace_file(file, "[1]");
  EXPECT_THROW(ModelCatalog(two_models, {}, file), FormatError);
}

TEST(ModelNames, OfPaths) {
  EXPECT_EQ(model_name_of_path("/m/gemma-4-E2B-it-Q4_0.gguf"), "gemma-4-E2B-it-Q4_0");
  EXPECT_EQ(model_name_of_path("models/gemma-4-E2B-it/"), "gemma-4-E2B-it");
  EXPECT_EQ(model_name_of_path("gemma-3.5-x"), "gemma-3.5-x");
}

}  // namespace
}  // namespace facet::server
