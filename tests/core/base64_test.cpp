// SPDX-License-Identifier: Apache-2.0
#include "core/base64.h"

#include <string>

#include <gtest/gtest.h>

#include "core/error.h"

namespace patina::core {
namespace {

// RFC 4648, Sec. 10.
TEST(Base64, HasTheTestVectorsOfItsStandard) {
  const std::string text = "foobar";
  const char* encoded[] = {"", "Zg==", "Zm8=", "Zm9v", "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
  for (std::size_t n = 0; n <= 6; ++n) {
    EXPECT_EQ(encode_base64(text.substr(0, n)), encoded[n]);
    EXPECT_EQ(decode_base64(encoded[n], "x"), text.substr(0, n));
  }
  EXPECT_EQ(decode_base64("Zg", "x"), "f") << "padding is optional";
}

TEST(Base64, RefusesWhatIsNot) {
  for (const char* text : {"Z", "Zg=g", "Zm 9v", "Zm9v\n", "Zm9-", "===="}) {
    EXPECT_THROW(decode_base64(text, "x"), Error) << text;
  }
}

}  // namespace
}  // namespace patina::core
