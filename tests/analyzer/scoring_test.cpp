// SPDX-License-Identifier: Apache-2.0
#include "analyzer/scoring.h"

#include <mutex>

#include <gmock/gmock.h>

#include "core/error.h"
#include "core/hash.h"
#include "images/pixels/image_file.h"
#include "tests/analyzer/audit_fixture.h"
#include "tests/core/caught.h"

namespace patina::analyzer {
namespace {

/// A source of bytes in memory; an empty entry becomes a refusal.
class MemorySource : public queryers::Suspect {
 public:
  explicit MemorySource(std::vector<std::vector<std::uint8_t>> items) : items_(std::move(items)) {}

  queryers::SuspectInfo info() const override {
    return {"memory", "test", static_cast<std::int64_t>(items_.size()), {}};
  }

  void collect(const std::function<void(queryers::Sample&&)>& on_sample,
               const std::function<void(queryers::Refusal&&)>& on_refusal) override {
    for (std::size_t i = 0; i < items_.size(); ++i) {
      const std::string name = std::to_string(i);
      if (items_[i].empty()) {
        on_refusal({name, "refused"});
      } else {
        on_sample({name, items_[i], core::to_hex(core::sha256(items_[i]))});
      }
    }
    if (fails) throw core::Error(core::ErrorKind::kNetwork, "test", "gone", "try later");
  }

  bool fails = false;

 private:
  std::vector<std::vector<std::uint8_t>> items_;
};

std::vector<std::uint8_t> image(std::uint64_t seed) { return image_bytes({seed, 100}); }

/// "0 1r 2!": scored, repeated and skipped items in the order they are told.
std::string told(MemorySource& source, const ScoringOptions& options, FakeExtractor& extractor) {
  std::string text;
  const auto add = [&text](const std::string& item) { text += (text.empty() ? "" : " ") + item; };
  ScoringSink sink;
  sink.on_scored = [&](const ScoredImage& scored) {
    add(scored.source + (scored.repeat ? "r" : ""));
  };
  sink.on_skipped = [&](const report::SkippedSample& skipped) { add(skipped.source + "!"); };
  score_images(source, extractor, options, sink);
  return text;
}

TEST(ScoreImages, TellsItemsInTheOrderOfTheSource) {
  MemorySource source({image(1), {}, image(1), image(2), {7, 7}, image(3)});
  FakeExtractor extractor;
  ScoringOptions options;
  options.batch_size = 2;
  EXPECT_EQ(told(source, options, extractor), "0 1! 2r 3 4! 5");
  EXPECT_EQ(extractor.batch_sizes, (std::vector<std::size_t>{2, 1}));
}

TEST(ScoreImages, GivesARepeatTheScoreOfTheFirst) {
  MemorySource source({image(1), image(1)});
  FakeExtractor extractor;
  std::vector<double> scores;
  ScoringSink sink;
  sink.on_scored = [&scores](const ScoredImage& scored) { scores.push_back(scored.score); };
  score_images(source, extractor, {}, sink);
  ASSERT_EQ(scores.size(), 2U);
  EXPECT_EQ(scores[0], scores[1]);
}

TEST(ScoreImages, DoesNotScoreWhatIsKnown) {
  MemorySource source({image(1), image(2)});
  FakeExtractor extractor;
  ScoringOptions options;
  const std::string digest = core::to_hex(core::sha256(image(1)));
  ScoredImage known;
  known.sha256 = digest;
  known.width_px = known.height_px = 12;
  known.score = 42.0;
  options.known[digest] = known;
  double first = 0.0;
  ScoringSink sink;
  sink.on_scored = [&first](const ScoredImage& scored) {
    if (scored.source == "0") first = scored.score;
  };
  score_images(source, extractor, options, sink);
  EXPECT_EQ(first, 42.0);
  EXPECT_EQ(extractor.images_scored, 1);
}

/// The terms of each image in the order they are told.
std::vector<std::vector<double>> terms_told(MemorySource& source,
                                            const ScoringOptions& options,
                                            FakeExtractor& extractor) {
  std::vector<std::vector<double>> terms;
  ScoringSink sink;
  sink.on_scored = [&terms](const ScoredImage& scored) { terms.push_back(scored.key_terms); };
  score_images(source, extractor, options, sink);
  return terms;
}

TEST(ScoreImages, GivesTheTermsOfEachImageWhereTheyAreAskedFor) {
  MemorySource source({image(1), {}, image(2), image(1), image(3)});
  FakeExtractor extractor;
  extractor.signs = {0.5, -0.25};
  extractor.terms_by_score = true;
  ScoringOptions options;
  options.batch_size = 2;
  EXPECT_EQ(terms_told(source, options, extractor), std::vector<std::vector<double>>(4));
  EXPECT_EQ(extractor.times_asked_for_terms, 0);
  options.key_terms = true;
  const std::vector<std::vector<double>> terms = terms_told(source, options, extractor);
  ASSERT_EQ(terms.size(), 4U);
  std::vector<std::vector<double>> expected;
  for (const std::uint64_t seed : {1, 2, 1, 3}) {
    const images::Image pixels = images::decode_image(image(seed), "test", {}).image;
    expected.push_back(extractor.key_terms({&pixels}).front());
  }
  EXPECT_EQ(terms, expected);
}

TEST(ScoreImages, GivesTheTermsOfKnownImagesAsWell) {
  MemorySource source({image(1)});
  FakeExtractor extractor;
  extractor.signs = {0.5};
  ScoringOptions options;
  options.key_terms = true;
  const std::string digest = core::to_hex(core::sha256(image(1)));
  options.known[digest] = {"", digest, images::ImageFormat::kPNG, 12, 12, 42.0, false, {}};
  EXPECT_EQ(terms_told(source, options, extractor), (std::vector<std::vector<double>>{{0.5}}));
  EXPECT_EQ(extractor.images_scored, 0);
}

TEST(ScoreImages, AsksAMethodWithoutTermsOnce) {
  MemorySource source({image(1), image(2), image(3)});
  FakeExtractor extractor;
  ScoringOptions options;
  options.batch_size = 1;
  options.key_terms = true;
  EXPECT_EQ(terms_told(source, options, extractor), std::vector<std::vector<double>>(3));
  EXPECT_EQ(extractor.times_asked_for_terms, 1);
}

TEST(ScoreImages, KeepsEachDistinctImageOnce) {
  MemorySource source({image(1), image(1), image(2), {9}});
  FakeExtractor extractor;
  std::vector<std::string> kept;
  ScoringSink sink;
  sink.keep = [&kept](const queryers::Sample& sample, images::ImageFormat) {
    kept.push_back(sample.source);
  };
  score_images(source, extractor, {}, sink);
  EXPECT_EQ(kept, (std::vector<std::string>{"0", "2"}));
}

TEST(ScoreImages, SkipsImagesBeyondTheLimits) {
  MemorySource source({image(1), image_bytes({2, 100, 40})});
  FakeExtractor extractor;
  ScoringOptions options;
  options.limits.max_pixels = 1000;
  EXPECT_EQ(told(source, options, extractor), "0 1!");
}

TEST(ScoreImages, PassesOnWhatStopsTheSource) {
  MemorySource source({image(1)});
  source.fails = true;
  FakeExtractor extractor;
  EXPECT_EQ(core::caught_text([&] { told(source, {}, extractor); }), "test: gone; try later.");
}

TEST(ScoreImages, StopsWhenTheKeeperFails) {
  MemorySource source({image(1)});
  FakeExtractor extractor;
  ScoringSink sink;
  sink.keep = [](const queryers::Sample&, images::ImageFormat) {
    throw core::Error(core::ErrorKind::kDisk, "samples", "full", "free space");
  };
  EXPECT_EQ(core::caught_text([&] { score_images(source, extractor, {}, sink); }),
            "samples: full; free space.");
}

TEST(ScoreImages, RefusesAnExtractorThatLosesImages) {
  class Lossy : public FakeExtractor {
    std::vector<double> score(const std::vector<const images::Image*>&) override { return {}; }
  };
  MemorySource source({image(1)});
  Lossy extractor;
  EXPECT_EQ(core::caught_text([&] { told(source, {}, extractor); }),
            "extractor: gave 0 scores for 1 images.");
}

}  // namespace
}  // namespace patina::analyzer
