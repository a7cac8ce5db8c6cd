// SPDX-License-Identifier: Apache-2.0
// collect, probe and audit against a served model that needs no weights.
#include <atomic>
#include <cmath>
#include <stdlib.h>
#include <sys/stat.h>
#include <thread>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/files.h"
#include "core/rng.h"
#include "images/image_io.h"
#include "serve/serve.h"
#include "tests/cli/run.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// A few broad waves and some grain: something that can be coated.
images::Image paint(std::uint64_t seed, int side_px) {
  images::Image image = images::make_image(side_px, side_px);
  core::Rng rng(seed);
  const double a = rng.uniform(1.0, 4.0);
  const double b = rng.uniform(1.0, 4.0);
  for (std::size_t i = 0; i < image.bytes.size(); ++i) {
    const auto pixel = static_cast<double>(i / 3);
    const double x = std::fmod(pixel, side_px) / side_px;
    const double y = std::floor(pixel / side_px) / side_px;
    const double value = 128.0 + 60.0 * std::sin(6.28 * a * x) * std::cos(6.28 * b * y);
    image.bytes[i] = static_cast<std::uint8_t>(value + 20.0 * rng.uniform());
  }
  return image;
}

void put_images(const std::filesystem::path& folder, std::uint64_t seed, int count) {
  core::make_folder(folder);
  for (int i = 0; i < count; ++i) {
    images::ImageFile file;
    file.image = paint(seed + static_cast<std::uint64_t>(i), 128);
    core::write_file_atomic(folder / (std::to_string(i) + ".png"), images::encode_image(file));
  }
}

class Endpoints : public testing::Test {
 protected:
  Endpoints() {
    serve::ServeOptions options;
    options.port = 0;
    options.api_key = "the-key";
    serve::ModelCard card;
    card.name = "tiny";
    card.sha256 = std::string(32, 'a') + std::string(32, 'b');
    card.native_px = 128;
    server_ = std::make_unique<serve::Server>(
        card,
        [](const diffusion::GenerateOptions& asked, const core::Observer&) {
          return std::vector<images::Image>{paint(asked.seed, asked.width_px)};
        },
        options);
    model_ = std::thread([this] { server_->run([this] { return stop_.load(); }); });
    core::write_file_atomic(
        folder_ / "api.key", std::string("the-key\n"), core::FileAccess::kSecret);
  }
  ~Endpoints() override {
    stop_ = true;
    model_.join();
  }
  std::string at(const std::string& name) const { return (folder_ / name).string(); }
  std::string base_url() const { return "http://127.0.0.1:" + std::to_string(server_->port()); }
  std::string source() const { return "a1111+" + base_url(); }
  Ran ask(std::vector<std::string> args) const {
    for (const char* more : {"--size", "128x128", "--steps", "1", "--key-file"})
      args.push_back(more);
    args.push_back(at("api.key"));
    return run(args);
  }

  core::ScratchFolder folder_;
  std::atomic<bool> stop_{false};
  std::unique_ptr<serve::Server> server_;
  std::thread model_;
};

TEST_F(Endpoints, ProbeTellsWhatIsThere) {
  const Ran ran = ask({"probe", "--from", source(), "--image"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("tiny [aaaaaaaaaa]"));
  EXPECT_THAT(ran.out, HasSubstr("image, 128x128 png in "));
  const Ran as_json = ask({"probe", "--from", source(), "--json"});
  EXPECT_EQ(json::parse(as_json.out).at("result").at("identity_grade"), "A");
}

TEST_F(Endpoints, ProbeOfNothingFailsAsTheNetworkDoes) {
  const Ran ran = ask({"probe", "--from", "a1111+http://127.0.0.1:1"});
  EXPECT_EQ(ran.code, 3);
}

TEST_F(Endpoints, CollectKeepsTheKeyToItself) {
  const Ran ran = ask({"collect", "--from", source(), "-o", at("c"), "--count", "5", "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("result").at("outcomes").at("image"), 5);
  EXPECT_EQ(ran.out.find("the-key"), std::string::npos);
  for (const char* file : {"c/journal.jsonl", "c/plan.json", "c/collection.json"}) {
    EXPECT_EQ(core::read_text_file(folder_ / file).find("the-key"), std::string::npos) << file;
  }
}

// The description names the host, so a service on this machine may be asked.
TEST_F(Endpoints, CollectAsksAServiceThatAFileDescribes) {
  const json description = {{"url", base_url() + "/v1/images/generations"},
                            {"body",
                             {{"prompt", "{prompt}"},
                              {"n", 1},
                              {"size", "{width}x{height}"},
                              {"response_format", "b64_json"}}},
                            {"image", "/data/0/b64_json"},
                            {"credential", {{"header", "Authorization"}, {"prefix", "Bearer "}}}};
  core::write_file_atomic(folder_ / "service.json", description.dump());
  const Ran ran = ask({"collect",
                       "--from",
                       "generic:" + at("service.json"),
                       "-o",
                       at("c"),
                       "--count",
                       "2",
                       "--json"});
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(json::parse(ran.out).at("result").at("outcomes"), (json{{"image", 2}})) << ran.out;
}

// What kept a gallery from being read stands in the text, and nothing asks to audit an empty
// folder.
TEST_F(Endpoints, CollectTellsWhyItFoundNothing) {
  core::write_file_atomic(folder_ / "recipe.json",
                          json{{"url", base_url() + "/lists"}, {"images", {"/i"}}}.dump());
  const Ran ran = run(
      {"collect", "--from", "recipe:" + at("recipe.json"), "-o", at("c"), "--pause", "0"});
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_THAT(ran.out, HasSubstr("A list of the site could not be had"));
  EXPECT_EQ(ran.out.find("patina audit"), std::string::npos);
}

TEST_F(Endpoints, CollectWithoutAKeyEndsEarlyAndGoesOnWithOne) {
  const Ran refused = run({"collect",
                           "--from",
                           source(),
                           "-o",
                           at("c"),
                           "--count",
                           "5",
                           "--size",
                           "128x128",
                           "--steps",
                           "1",
                           "--key-env",
                           "PATINA_NO_SUCH_KEY"});
  EXPECT_EQ(refused.code, 3);
  EXPECT_THAT(refused.out, HasSubstr("Stopped early: status 401"));
  EXPECT_EQ(ask({"collect", "--from", source(), "-o", at("c"), "--count", "5"}).code, 0);
}

TEST_F(Endpoints, AKeyFileThatOthersReadIsRefused) {
  ::chmod(at("api.key").c_str(), 0644);
  const Ran ran = ask({"collect", "--from", source(), "-o", at("c")});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err,
            "patina: " + at("api.key") +
                ": can be read by others, and it holds a secret; chmod 600 it.\n");
}

TEST_F(Endpoints, AnAuditCollectsScoresAndVerifies) {
  put_images(folder_ / "owner", 1, 6);
  put_images(folder_ / "benign", 100, 6);
  ASSERT_EQ(run({"coat", at("owner"), "-o", at("coated"), "--key", at("k"), "--quiet"}).code, 0);
  const std::vector<std::string> audit = {"audit",
                                          "--key",
                                          at("k"),
                                          "--suspect",
                                          source(),
                                          "--benign",
                                          at("benign"),
                                          "-o",
                                          at("bundle"),
                                          "--count",
                                          "6",
                                          "--alpha",
                                          "1e-3"};
  const Ran ran = ask(audit);
  EXPECT_EQ(ran.code, 1) << ran.err << ran.out;  // this model never saw the coating
  const json evidence = json::parse(core::read_text_file(folder_ / "bundle/evidence.json"));
  const json acquisition = evidence.at("suspect").at("acquisition");
  EXPECT_EQ(acquisition.at("outcomes").at("image"), 6);
  EXPECT_EQ(acquisition.at("identity_grade"), "A");
  EXPECT_TRUE(evidence.at("benign").at("acquisition").is_null());
  EXPECT_EQ(run({"verify", at("bundle")}).code, 0);

  std::string journal = core::read_text_file(folder_ /
                                             "bundle/data/acquisition/suspect/journal.jsonl");
  journal.replace(journal.rfind("\"t\":\"2"), 6, "\"t\":\"3");
  core::write_file_atomic(folder_ / "bundle/data/acquisition/suspect/journal.jsonl", journal);
  const Ran changed = run({"verify", at("bundle")});
  EXPECT_EQ(changed.code, 4);
  EXPECT_THAT(changed.out + changed.err, HasSubstr("journal.jsonl"));
}

TEST_F(Endpoints, AnAuditTakesACollectionMadeBefore) {
  put_images(folder_ / "owner", 1, 6);
  put_images(folder_ / "benign", 100, 6);
  ASSERT_EQ(run({"coat", at("owner"), "-o", at("coated"), "--key", at("k"), "--quiet"}).code, 0);
  ASSERT_EQ(ask({"collect", "--from", source(), "-o", at("c"), "--count", "6"}).code, 0);
  const Ran ran = run({"audit",
                       "--key",
                       at("k"),
                       "--suspect",
                       at("c"),
                       "--benign",
                       at("benign"),
                       "-o",
                       at("bundle"),
                       "--alpha",
                       "1e-3"});
  EXPECT_EQ(ran.code, 1) << ran.err;
  const json evidence = json::parse(core::read_text_file(folder_ / "bundle/evidence.json"));
  EXPECT_EQ(evidence.at("suspect").at("location"), source());
  EXPECT_EQ(run({"verify", at("bundle")}).code, 0);
}

TEST_F(Endpoints, NothingIsAskedForABundleThatCannotBeWritten) {
  put_images(folder_ / "owner", 1, 6);
  put_images(folder_ / "benign", 100, 6);
  ASSERT_EQ(run({"coat", at("owner"), "-o", at("coated"), "--key", at("k"), "--quiet"}).code, 0);
  core::make_folder(folder_ / "mine");
  core::write_file_atomic(folder_ / "mine/letter.txt", std::string("dear"));
  const auto before = server_->answered();
  EXPECT_EQ(ask({"audit",
                 "--key",
                 at("k"),
                 "--suspect",
                 source(),
                 "--benign",
                 at("benign"),
                 "-o",
                 at("mine")})
                .code,
            2);
  EXPECT_EQ(server_->answered(), before);
}

TEST_F(Endpoints, AnAuditStillTakesFoldersWhoseNamesAreNoUtf8) {
  put_images(folder_ / "owner", 1, 6);
  put_images(folder_ / "suspect\xFF", 50, 6);
  put_images(folder_ / "benign\xFF", 100, 6);
  ASSERT_EQ(run({"coat", at("owner"), "-o", at("coated"), "--key", at("k"), "--quiet"}).code, 0);
  const Ran ran = run({"audit",
                       "--key",
                       at("k"),
                       "--suspect",
                       at("suspect\xFF"),
                       "--benign",
                       at("benign\xFF"),
                       "-o",
                       at("bundle"),
                       "--alpha",
                       "1e-3"});
  EXPECT_EQ(ran.code, 1) << ran.err;
}

TEST_F(Endpoints, WrongSourcesAreToldInOneSentence) {
  const auto told = [&](const std::string& from) {
    return run({"collect", "--from", from, "-o", at("c")}).err;
  };
  EXPECT_EQ(
      told("nonsense"),
      "patina: nonsense: names no endpoint and no gallery; write a1111+http://host:7860 or see "
      "patina help collect.\n");
  EXPECT_EQ(told("replicate:x"),
            "patina: \"replicate:x\": names no model of Replicate; write replicate:owner/name or "
            "replicate:owner/name:version (64 digits).\n");
  EXPECT_EQ(told("comfyui+http://h"),
            "patina: \"comfyui+http://h\": needs a checkpoint or a workflow; give --model "
            "NAME.safetensors or --workflow FILE.\n");
}

}  // namespace
}  // namespace patina::cli
