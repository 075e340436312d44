// A model's file that is cut short or written to while it is in use: the step says so, and the process lives.
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/mapped_pages.h"
#include "model/test_model.h"
#include "runtime/test_models.h"

namespace facet::runtime {
namespace {

namespace fs = std::filesystem;

class ChangedModelTest : public testing::Test {
 protected:
  void SetUp() override {
    survive_lost_pages();
    path_ = fs::path(testing::TempDir()) / ("changed-" + std::to_string(std::random_device{}()) + ".gguf");
    std::ofstream(path_, std::ios::binary) << model::gemma4_file().bytes();
    fs::last_write_time(path_, fs::last_write_time(path_) - std::chrono::hours(1));
    EngineOptions options = tiny_options();
    options.context = 32;
    engine_ = Engine::load(path_.string(), options);
  }
  void TearDown() override { fs::remove(path_); }

  void expect_complaint(Session& session, const std::string& complaint) const {
    try {
      session.append(9);
      ADD_FAILURE() << "nothing was noticed";
    } catch (const ResourceError& e) {
      EXPECT_TRUE(std::string(e.what()).starts_with(path_.string() + ": the file was " + complaint)) << e.what();
    }
  }

  fs::path path_;
  std::shared_ptr<const Engine> engine_;
};

TEST_F(ChangedModelTest, CutShort) {
  Session session(engine_);
  session.sync(std::vector<TokenId>{2, 7, 8});
  fs::resize_file(path_, 0);
  expect_complaint(session, "cut short");
  EXPECT_TRUE(session.logits().empty());
  expect_complaint(session, "cut short");  // for as long as the engine lives
  Session other(engine_);
  EXPECT_THROW(other.sync(std::vector<TokenId>{2, 7}), ResourceError);
}

TEST_F(ChangedModelTest, WrittenTo) {
  Session session(engine_);
  session.sync(std::vector<TokenId>{2, 7, 8});
  std::fstream(path_, std::ios::in | std::ios::out | std::ios::binary).seekp(-100, std::ios::end) << "other bytes";
  expect_complaint(session, "written to");
}

}  // namespace
}  // namespace facet::runtime
