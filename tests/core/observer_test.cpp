// SPDX-License-Identifier: Apache-2.0
#include "core/observer.h"

#include <vector>

#include <gtest/gtest.h>

#include "tests/core/caught.h"

namespace patina::core {
namespace {

TEST(Observer, IsSilentWithoutReceivers) {
  const Observer silent;
  silent.say("nobody hears this");
  silent.report({"coating", 1, 10, ""});
}

TEST(Observer, PassesSentencesAndProgressOn) {
  std::vector<std::string> heard;
  Observer observer;
  observer.log = [&heard](const std::string& sentence) { heard.push_back(sentence); };
  observer.progress = [&heard](const Progress& now) {
    heard.push_back(now.stage + " " + std::to_string(now.done) + "/" + std::to_string(now.total) +
                    " " + now.detail);
    return true;
  };
  observer.say("10 images.");
  observer.report({"coating", 3, 10, "loss 0.31"});
  EXPECT_EQ(heard, (std::vector<std::string>{"10 images.", "coating 3/10 loss 0.31"}));
}

TEST(Observer, TurnsARefusalIntoCancellation) {
  Observer observer;
  observer.progress = [](const Progress&) { return false; };
  const Error error = caught([&] { observer.report({"coating", 3, 10, ""}); });
  EXPECT_EQ(error.kind(), ErrorKind::kCancelled);
  EXPECT_STREQ(error.what(), "coating: interrupted after 3 of 10.");
  EXPECT_EQ(caught_text([&] {
              observer.report({"crawling", 4, 0, ""});
            }),
            "crawling: interrupted after 4.");
}

}  // namespace
}  // namespace patina::core
