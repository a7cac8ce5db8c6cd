// SPDX-License-Identifier: Apache-2.0
#include "queryers/record/warc.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/hash.h"
#include "http/client.h"

namespace patina::queryers {
namespace {

constexpr std::uint64_t kMost = 1 << 20;

http::HttpExchange sample_exchange() {
  http::HttpExchange exchange;
  exchange.method = "GET";
  exchange.url = "http://a.b/c";
  exchange.began = "2026-01-31T12:00:00.123Z";
  exchange.raw_request = "GET /c HTTP/1.1\r\nHost: a.b\r\n\r\n";
  exchange.raw_response = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
  exchange.response.status = 200;
  exchange.response.body = "hello";
  exchange.peer = http::Peer();
  exchange.peer->address = "192.0.2.7";
  return exchange;
}

TEST(Warc, AnExchangeIsThreeRecordsThatNameEachOther) {
  const auto records = exchange_records(sample_exchange(), "{}", "urn:uuid:0");
  ASSERT_EQ(records.size(), 3U);
  EXPECT_EQ(records[0].type, "response");
  EXPECT_EQ(records[1].type, "request");
  EXPECT_EQ(records[2].type, "metadata");
  EXPECT_EQ(records[0].field("WARC-IP-Address"), "192.0.2.7");
  EXPECT_EQ(records[0].field("WARC-Target-URI"), "http://a.b/c");
  EXPECT_EQ(records[0].field("Content-Type"), "application/http;msgtype=response");
  // SHA-256 of "hello", computed with sha256sum.
  EXPECT_EQ(records[0].field("WARC-Payload-Digest"),
            "sha256:2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  EXPECT_EQ(records[1].field("WARC-Concurrent-To"), "<" + records[0].id + ">");
  EXPECT_EQ(records[2].field("WARC-Refers-To"), "<" + records[0].id + ">");
}

TEST(Warc, ARecordIsReadBackAsItWasWritten) {
  const WarcRecord written = exchange_records(sample_exchange(), "{}", "urn:uuid:0").front();
  const std::string member = to_gzip_member(written);
  const auto read = read_warc_record(member + "more", kMost);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->bytes, member.size());
  EXPECT_EQ(read->record.type, written.type);
  EXPECT_EQ(read->record.id, written.id);
  EXPECT_EQ(read->record.date, written.date);
  EXPECT_EQ(read->record.block, written.block);
  EXPECT_EQ(read->record.field("WARC-Block-Digest"),
            "sha256:" + core::to_hex(core::sha256(written.block)));
}

TEST(Warc, NoCutMemberIsARecord) {
  const std::string member = to_gzip_member(
      exchange_records(sample_exchange(), "{}", "urn:uuid:0").front());
  for (std::size_t size = 0; size < member.size(); ++size) {
    EXPECT_FALSE(read_warc_record(std::string_view(member).substr(0, size), kMost)) << size;
  }
  EXPECT_FALSE(read_warc_record(member, 10)) << "more than allowed comes out";
}

TEST(Warc, AChunkedAnswerHasNoPayloadDigestToDisagreeAbout) {
  http::HttpExchange exchange = sample_exchange();
  exchange.response.headers.add("Transfer-Encoding", "chunked");
  EXPECT_EQ(exchange_records(exchange, "{}", "x").front().field("WARC-Payload-Digest"), "");
}

TEST(Warc, AnExchangeThatNeverBeganRefersToNothing) {
  http::HttpExchange exchange = sample_exchange();
  exchange.raw_request.clear();
  exchange.raw_response.clear();
  const auto records = exchange_records(exchange, "{}", "x");
  ASSERT_EQ(records.size(), 1U);
  EXPECT_EQ(records[0].type, "metadata");
  EXPECT_EQ(records[0].field("WARC-Refers-To"), "");
}

TEST(Warc, AnExchangeComesBackFromItsRecords) {
  const http::HttpExchange before = sample_exchange();
  const auto records = exchange_records(before, "{}", "x");
  const http::HttpExchange after = exchange_of(records[1], records[0], {});
  EXPECT_TRUE(after.ok());
  EXPECT_EQ(after.url, before.url);
  EXPECT_EQ(after.method, "GET");
  EXPECT_EQ(after.response.status, 200);
  EXPECT_EQ(after.response.body, "hello");
}

}  // namespace
}  // namespace patina::queryers
