// SPDX-License-Identifier: Apache-2.0
// How flags become what a suspect is asked and how, and where its API key comes from.
#include "cli/asking.h"

#include <cmath>
#include <sstream>
#include <sys/stat.h>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/version.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

AskingOptions parse_asking(const std::vector<std::string>& args) {
  AskingOptions options;
  CommandLine line({"ask", "[flags]", "Asks.", "patina ask", "0 done."});
  bind_plan(line, options);
  bind_gallery(line, options);
  bind_manners(line, options);
  std::ostringstream out;
  line.parse(args, out);
  settle(options);
  return options;
}

TEST(AskingFlags, SayWhatIsAsked) {
  const AskingOptions options = parse_asking({"--count",
                                              "12",
                                              "--prompt",
                                              "a {trigger} boat",
                                              "--trigger",
                                              "monet",
                                              "--control-share",
                                              "0.25",
                                              "--negative-prompt",
                                              "text",
                                              "--steps",
                                              "7",
                                              "--guidance",
                                              "4.5",
                                              "--sampler",
                                              "Euler a",
                                              "--plan-seed",
                                              "18446744073709551615"});
  EXPECT_EQ(options.plan.count, 12);
  EXPECT_THAT(options.plan.prompts, ElementsAre("a {trigger} boat"));
  EXPECT_EQ(options.plan.trigger, "monet");
  EXPECT_EQ(options.plan.control_share, 0.25);
  EXPECT_EQ(options.plan.negative_prompt, "text");
  EXPECT_EQ(options.plan.steps, 7);
  EXPECT_EQ(options.plan.guidance_scale, 4.5);
  EXPECT_EQ(options.plan.sampler, "Euler a");
  EXPECT_EQ(options.plan.seed, UINT64_MAX);
}

TEST(AskingFlags, TakeTheBankOfPromptsUnlessTold) {
  EXPECT_THAT(parse_asking({}).plan.prompts, IsEmpty());
}

TEST(AskingFlags, ReadPromptsOfAFileOneALine) {
  const core::ScratchFolder folder;
  core::write_file_atomic(folder / "prompts", std::string("# two\na boat\n\na mill\n"));
  EXPECT_THAT(parse_asking({"--prompts", (folder / "prompts").string()}).plan.prompts,
              ElementsAre("a boat", "a mill"));
}

TEST(AskingFlags, TakeOnePromptOrAFileOfThem) {
  EXPECT_EQ(core::caught_text([] {
              parse_asking({"--prompts", "f", "--prompt", "t"});
            }),
            "--prompts: cannot be combined with --prompt; give one of the two.");
}

TEST(AskingFlags, ListSizesWithCommas) {
  const auto sizes = parse_asking({"--size", "512x768,256"}).plan.sizes;
  ASSERT_EQ(sizes.size(), 2U);
  EXPECT_EQ(sizes[0].width_px, 512);
  EXPECT_EQ(sizes[0].height_px, 768);
  EXPECT_EQ(sizes[1].width_px, 256);
  EXPECT_EQ(sizes[1].height_px, 256);
}

TEST(AskingFlags, RefuseASizeThatIsNone) {
  EXPECT_EQ(core::caught([] { parse_asking({"--size", "wide"}); }).kind(), core::ErrorKind::kInput);
}

TEST(AskingFlags, ListLorasAndHostsWithoutEmptyOnes) {
  const AskingOptions options = parse_asking(
      {"--lora", "one,,two,", "--lora-scale=-0.5", "--allow-host", "10.0.0.1,model.local"});
  EXPECT_THAT(options.endpoint.loras, ElementsAre("one", "two"));
  EXPECT_EQ(options.endpoint.lora_scale, -0.5);
  EXPECT_THAT(options.collect.http.named.hosts, ElementsAre("10.0.0.1", "model.local"));
}

TEST(AskingFlags, SayWhichPicturesOfAGalleryAreRead) {
  const AskingOptions options = parse_asking({"--max-pages",
                                              "3",
                                              "--depth",
                                              "0",
                                              "--max-images",
                                              "9",
                                              "--min-side",
                                              "64",
                                              "--released",
                                              "one",
                                              "--released",
                                              "two",
                                              "--ignore-robots"});
  EXPECT_EQ(options.gallery.max_pages, 3);
  EXPECT_EQ(options.gallery.max_depth, 0);
  EXPECT_EQ(options.gallery.max_images, 9);
  EXPECT_EQ(options.gallery.min_side_px, 64);
  EXPECT_THAT(options.gallery.released, ElementsAre("one", "two"));
  EXPECT_TRUE(options.gallery.ignore_robots);
}

TEST(AskingFlags, BoundWhatIsSpent) {
  const AskingOptions options = parse_asking({"--max-requests",
                                              "40",
                                              "--price",
                                              "0.05",
                                              "--max-cost",
                                              "2",
                                              "--max-minutes",
                                              "30",
                                              "--attempts",
                                              "2",
                                              "--concurrency",
                                              "4"});
  EXPECT_EQ(options.collect.budget.max_requests, 40U);
  EXPECT_EQ(options.collect.budget.price_per_image, 0.05);
  EXPECT_EQ(options.collect.budget.max_cost, 2.0);
  EXPECT_EQ(options.collect.budget.max_minutes, 30.0);
  EXPECT_EQ(options.collect.max_attempts, 2);
  EXPECT_EQ(options.collect.concurrency, 4);
}

TEST(AskingFlags, SpendWithoutBoundUnlessTold) {
  const queryers::Budget budget = parse_asking({}).collect.budget;
  EXPECT_TRUE(std::isinf(budget.max_cost));
  EXPECT_TRUE(std::isinf(budget.max_minutes));
}

// One answer may take the time-out; an image, which may take several, never less than 15 minutes.
TEST(AskingFlags, TurnSecondsOfTimeoutIntoMilliseconds) {
  const AskingOptions shorter = parse_asking({"--timeout", "1.5"});
  EXPECT_EQ(shorter.collect.http.idle_timeout_ms, 1500);
  EXPECT_EQ(shorter.collect.http.total_timeout_ms, 1500);
  EXPECT_EQ(shorter.collect.item_timeout_s, 900.0);
  EXPECT_EQ(parse_asking({"--timeout", "3600"}).collect.item_timeout_s, 7200.0);
}

TEST(AskingFlags, PauseNotAtAllBetweenRequestsUnlessTold) {
  EXPECT_EQ(parse_asking({}).collect.pause_s, 0.0);
  EXPECT_EQ(parse_asking({"--pause", "0.5"}).collect.pause_s, 0.5);
}

TEST(AskingFlags, SignRequestsWithTheToolAndTheContact) {
  const std::string tool = std::string("Patina/") + core::kVersion;
  EXPECT_EQ(parse_asking({}).collect.http.user_agent, tool);
  EXPECT_EQ(parse_asking({"--contact", "me@example.org"}).collect.http.user_agent,
            tool + " (+me@example.org)");
}

TEST(AskingFlags, AreEchoedWithNullForWhatIsUnbounded) {
  const nlohmann::json unbounded = to_json(parse_asking({}));
  EXPECT_TRUE(unbounded.at("max_cost").is_null());
  EXPECT_TRUE(unbounded.at("max_minutes").is_null());
  EXPECT_TRUE(unbounded.at("pause_s").is_null()) << "the source decides";
  const nlohmann::json bounded = to_json(
      parse_asking({"--max-cost", "2", "--pause", "0", "--lora", "one,two", "--insecure"}));
  EXPECT_EQ(bounded.at("max_cost"), 2.0);
  EXPECT_EQ(bounded.at("pause_s"), 0.0);
  EXPECT_EQ(bounded.at("loras"), (nlohmann::json{"one", "two"}));
  EXPECT_EQ(bounded.at("insecure"), true);
}

class Credentials : public testing::Test {
 protected:
  Credentials() {
    service_.origin = "https://api.example.org";
    service_.credential_header = "Authorization";
    service_.credential_prefix = "Bearer ";
    options_.key_variable = "PATINA_TEST_KEY";
  }
  void put_file(const std::string& text) {
    core::write_file_atomic(folder_ / "api.key", text, core::FileAccess::kSecret);
    options_.key_file = folder_ / "api.key";
  }

  core::ScratchFolder folder_;
  core::ScopedEnvironment none_{"PATINA_TEST_KEY", nullptr};
  queryers::Service service_;
  AskingOptions options_;
};

TEST_F(Credentials, AreNoneWithoutFileAndVariable) {
  const http::Credential credential = credential_for(service_, options_);
  EXPECT_EQ(credential.origin, "");
  EXPECT_EQ(credential.value, "");
}

TEST_F(Credentials, ComeFromTheNamedVariableForTheServiceAlone) {
  const core::ScopedEnvironment set("PATINA_TEST_KEY", "sk-1");
  const http::Credential credential = credential_for(service_, options_);
  EXPECT_EQ(credential.origin, "https://api.example.org");
  EXPECT_EQ(credential.header, "Authorization");
  EXPECT_EQ(credential.value, "Bearer sk-1");
  EXPECT_THAT(credential.secrets, testing::Contains("sk-1"));
}

TEST_F(Credentials, ComeFromTheFileBeforeTheVariable) {
  const core::ScopedEnvironment set("PATINA_TEST_KEY", "sk-1");
  put_file("sk-2\n");
  EXPECT_EQ(credential_for(service_, options_).value, "Bearer sk-2");
}

TEST_F(Credentials, AreRefusedFromAFileThatOthersMayRead) {
  put_file("sk-2\n");
  for (const mode_t mode : {0640U, 0604U, 0620U}) {
    ASSERT_EQ(::chmod(options_.key_file.c_str(), mode), 0);
    EXPECT_EQ(core::caught_text([&] { credential_for(service_, options_); }),
              options_.key_file.string() +
                  ": can be read by others, and it holds a secret; chmod 600 it.");
  }
}

TEST_F(Credentials, MustStandOnOneLine) {
  put_file("sk-2\nX-Injected: yes");
  const core::Error error = core::caught([&] { credential_for(service_, options_); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_EQ(std::string(error.what()).find("sk-2"), std::string::npos) << "a secret in an error";
}

TEST_F(Credentials, AreNotSentToAServiceThatTakesNone) {
  const core::ScopedEnvironment set("PATINA_TEST_KEY", "sk-1");
  service_.credential_header.clear();
  EXPECT_EQ(credential_for(service_, options_).value, "");
}

// RFC 7617, section 2: "Aladdin:open sesame" in Base64. No part of it may stand in a record.
TEST_F(Credentials, AreEncodedForBasicAuthentication) {
  const core::ScopedEnvironment set("PATINA_TEST_KEY", "Aladdin:open sesame");
  service_.credential_prefix = "Basic ";
  const http::Credential credential = credential_for(service_, options_);
  EXPECT_EQ(credential.value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
  EXPECT_THAT(
      credential.secrets,
      UnorderedElementsAre("QWxhZGRpbjpvcGVuIHNlc2FtZQ==", "Aladdin:open sesame", "open sesame"));
}

}  // namespace
}  // namespace patina::cli
