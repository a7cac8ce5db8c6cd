// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "core/error.h"
#include "http/message.h"

namespace patina::http {
namespace {

// The body, or "?" and the fault, or "..." while bytes are missing.
std::string read_all(const std::string& bytes, bool closed = false, AnswerLimits limits = {}) {
  AnswerReader reader(limits);
  reader.feed(bytes);
  if (closed) reader.end_of_stream();
  if (reader.complete() && !reader.fault()) {
    const HttpResponse response = reader.response();
    if (!reader.fault()) return response.body;
  }
  return reader.fault() ? "?" + reader.fault()->reason : "...";
}

std::string message(const std::string& headers, const std::string& body) {
  return "HTTP/1.1 200 OK\r\n" + headers + "\r\n" + body;
}

TEST(AnswerReader, ReadsByContentLength) {
  EXPECT_EQ(read_all(message("Content-Length: 5\r\n", "hello")), "hello");
  EXPECT_EQ(read_all(message("content-length:5\r\n", "hel")), "...");
}

TEST(AnswerReader, ReadsChunksAndTrailers) {
  EXPECT_EQ(read_all(message("Transfer-Encoding: chunked\r\n",
                             "5\r\nhello\r\n6;x=1\r\n world\r\n0\r\nX-End: 1\r\n\r\n")),
            "hello world");
}

TEST(AnswerReader, ReadsToTheEndOfTheConnectionWithoutALength) {
  EXPECT_EQ(read_all(message("", "hello"), true), "hello");
}

TEST(AnswerReader, GivesTheSameWhateverThePiecesAre) {
  const std::string bytes = "HTTP/1.1 100 Continue\r\n\r\n" +
                            message("Transfer-Encoding: chunked\r\n", "5\r\nhello\r\n0\r\n\r\n");
  AnswerReader reader{AnswerLimits{}};
  for (const char c : bytes) reader.feed(std::string(1, c));
  ASSERT_TRUE(reader.complete());
  EXPECT_EQ(reader.response().body, "hello");
  EXPECT_EQ(reader.raw(), bytes);
  EXPECT_EQ(reader.raw().substr(reader.interim_bytes(), 15), "HTTP/1.1 200 OK");
}

TEST(AnswerReader, NoBodyFollowsHead204And304) {
  AnswerReader head(AnswerLimits{}, true);
  EXPECT_TRUE(head.feed(message("Content-Length: 5\r\n", "")));
  EXPECT_TRUE(head.complete());
  EXPECT_EQ(read_all("HTTP/1.1 204 No Content\r\n\r\n"), "");
  EXPECT_EQ(read_all("HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n"), "");
}

TEST(AnswerReader, SaysWhetherTheConnectionMayBeUsedAgain) {
  const auto reusable = [](const std::string& bytes) {
    AnswerReader reader{AnswerLimits{}};
    reader.feed(bytes);
    return reader.reusable();
  };
  EXPECT_TRUE(reusable(message("Content-Length: 0\r\n", "")));
  EXPECT_FALSE(reusable(message("Content-Length: 0\r\nConnection: x, Close\r\n", "")));
  EXPECT_FALSE(reusable("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
}

struct Smuggled {
  const char* name;
  std::string bytes;
  const char* reason;
};
class RefusedAnswer : public testing::TestWithParam<Smuggled> {};
TEST_P(RefusedAnswer, SaysWhy) {
  EXPECT_EQ(read_all(GetParam().bytes), std::string("?") + GetParam().reason);
}
INSTANTIATE_TEST_SUITE_P(
    AnswerReader,
    RefusedAnswer,
    testing::Values(
        Smuggled{"LengthAndChunks",
                 message("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"),
                 "sends both Content-Length and Transfer-Encoding"},
        Smuggled{"TwoLengths",
                 message("Content-Length: 5\r\nContent-Length: 6\r\n", "hello"),
                 "states two lengths"},
        Smuggled{"LengthList",
                 message("Content-Length: 5, 5\r\n", "hello"),
                 "has a Content-Length that is no number"},
        Smuggled{"NegativeLength",
                 message("Content-Length: -1\r\n", ""),
                 "has a Content-Length that is no number"},
        Smuggled{"GzipChunked",
                 message("Transfer-Encoding: gzip, chunked\r\n", ""),
                 "uses a transfer coding other than chunked"},
        Smuggled{"TwoCodings",
                 message("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n", ""),
                 "uses a transfer coding other than chunked"},
        Smuggled{"BareLineFeed",
                 "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
                 "ends a line without a carriage return"},
        Smuggled{"FoldedHeader",
                 message("X: 1\r\n Content-Length: 5\r\n", ""),
                 "folds a header field over two lines"},
        Smuggled{"BlankBeforeColon",
                 message("Content-Length : 5\r\n", "hello"),
                 "has a header name with characters that none may have"},
        Smuggled{"ControlInValue",
                 message(std::string("X: a") + '\0' + "b\r\n", ""),
                 "has a control character in a header value"},
        Smuggled{"NoColon", message("Content-Length\r\n", ""), "has a header line without a colon"},
        Smuggled{"NotHttp", "SSH-2.0-OpenSSH\r\n\r\n", "does not speak HTTP/1"},
        Smuggled{"Http2", "HTTP/2.0 200 OK\r\n\r\n", "has no valid status line"},
        Smuggled{"Status99", "HTTP/1.1 099 No\r\n\r\n", "has no valid status line"},
        Smuggled{"Upgrade",
                 "HTTP/1.1 101 Switching\r\n\r\n",
                 "changes the protocol, which nobody asked for"},
        Smuggled{"BytesBehind",
                 message("Content-Length: 2\r\n", "okHTTP/1.1 200 OK\r\n"),
                 "goes on after the end that its own header states"},
        Smuggled{"ChunkNumber",
                 message("Transfer-Encoding: chunked\r\n", "0x5\r\nhello\r\n"),
                 "has a chunk whose size is no number"},
        Smuggled{"ChunkOverrun",
                 message("Transfer-Encoding: chunked\r\n", "2\r\nhello\r\n"),
                 "has a chunk longer than it states"},
        Smuggled{"ChunkedHttp10",
                 "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                 "is chunked, which HTTP/1.0 does not know"}),
    [](const auto& tested) { return tested.param.name; });

TEST(AnswerReader, RefusesMoreThanItsLimits) {
  AnswerLimits limits;
  limits.max_body_bytes = 4;
  limits.max_header_bytes = 100;
  EXPECT_EQ(read_all(message("Content-Length: 5\r\n", ""), false, limits),
            "?has a body of 5 bytes, 4 are allowed");
  EXPECT_EQ(read_all(message("Transfer-Encoding: chunked\r\n", "5\r\n"), false, limits),
            "?has a body of more than 4 bytes");
  EXPECT_EQ(read_all(message("", "hello"), false, limits), "?has a body of more than 4 bytes");
  EXPECT_EQ(read_all(message("X: " + std::string(200, 'x') + "\r\n", ""), false, limits),
            "?has a header of more than the allowed length");
  EXPECT_EQ(read_all(std::string("HTTP/1.1 200 ") + std::string(200, 'x'), false, limits),
            "?has a header of more than the allowed length");
}

TEST(AnswerReader, AnAnswerCutShortIsFaulty) {
  EXPECT_EQ(read_all(message("Content-Length: 5\r\n", "hel"), true),
            "?closed the connection in the middle of the answer");
  EXPECT_EQ(read_all("", true), "?closed the connection without an answer");
}

// printf hello | gzip -n | base64, printf hello | pigz -z | base64 (zlib).
TEST(DecodeContent, ReadsGzipAndDeflate) {
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcb\x48\xcd\xc9\xc9\x07\x00\x86"
      "\xa6\x10\x36\x05\x00\x00\x00",
      25);
  const std::string zlib("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13);
  EXPECT_EQ(decode_content(gzip, "gzip", 100, "x"), "hello");
  EXPECT_EQ(decode_content(zlib, "Deflate", 100, "x"), "hello");
  EXPECT_EQ(decode_content(gzip, "identity, gzip", 100, "x"), "hello");
  EXPECT_THROW(decode_content(gzip, "gzip", 4, "x"), core::Error);
  EXPECT_THROW(decode_content(gzip.substr(0, 20), "gzip", 100, "x"), core::Error);
  EXPECT_THROW(decode_content(gzip, "br", 100, "x"), core::Error);
  EXPECT_THROW(decode_content("hello", "gzip", 100, "x"), core::Error);
}

}  // namespace
}  // namespace patina::http
