// SPDX-License-Identifier: Apache-2.0
#include "analyzer/internal/decode_ahead.h"

#include <atomic>
#include <stdexcept>

#include <gtest/gtest.h>

namespace patina::analyzer {
namespace {

DecodedSample sample(int number, int side_px = 1) {
  DecodedSample item;
  item.source = std::to_string(number);
  item.width_px = item.height_px = side_px;
  return item;
}

TEST(DecodeAhead, GivesItemsInOrderAndThenNone) {
  DecodeAhead ahead(
      [](const DecodeAhead::Push& push) {
        for (int i = 0; i < 100; ++i) push(sample(i));
      },
      {3, 1000});
  for (int i = 0; i < 100; ++i) EXPECT_EQ(ahead.next()->source, std::to_string(i));
  EXPECT_FALSE(ahead.next());
  EXPECT_FALSE(ahead.next());
}

TEST(DecodeAhead, RethrowsTheProducersErrorAfterItsItems) {
  DecodeAhead ahead(
      [](const DecodeAhead::Push& push) {
        push(sample(0));
        throw std::runtime_error("disk gone");
      },
      {3, 1000});
  EXPECT_EQ(ahead.next()->source, "0");
  EXPECT_THROW(ahead.next(), std::runtime_error);
}

TEST(DecodeAhead, StopsAProducerThatWaitsForRoom) {
  std::atomic<int> pushed{0};
  {
    DecodeAhead ahead(
        [&pushed](const DecodeAhead::Push& push) {
          for (;; ++pushed) push(sample(pushed));
        },
        {2, 1000});
    ahead.next();
  }
  EXPECT_LE(pushed, 4);
}

TEST(DecodeAhead, BoundsThePixelsThatWait) {
  std::atomic<int> pushed{0};
  {
    DecodeAhead ahead(
        [&pushed](const DecodeAhead::Push& push) {
          for (;; ++pushed) push(sample(pushed, 10));
        },
        {1000, 250});
    ahead.next();
  }
  EXPECT_LE(pushed, 4);  // One taken, two of 100 pixels waiting, one on its way.
}

TEST(DecodeAhead, LetsAnItemLargerThanTheBoundThroughAlone) {
  DecodeAhead ahead([](const DecodeAhead::Push& push) { push(sample(0, 100)); }, {3, 1000});
  EXPECT_EQ(ahead.next()->source, "0");
}

}  // namespace
}  // namespace patina::analyzer
