// SPDX-License-Identifier: Apache-2.0
#include "queryers/record/collection.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/journal.h"
#include "http/client.h"
#include "images/image_io.h"
#include "queryers/record/warc.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/images/pictures.h"

namespace patina::queryers {
namespace {

using core::caught_text;
using core::ScratchFolder;
using nlohmann::json;

const json kPlan = {{"images", 1}};

http::HttpExchange exchange(const std::string& body) {
  http::HttpExchange made;
  made.method = "GET";
  made.url = "http://a.b/" + body;
  made.began = "2026-01-31T12:00:00.000Z";
  made.ended = made.began;
  made.raw_request = "GET /" + body + " HTTP/1.1\r\nHost: a.b\r\n\r\n";
  made.raw_response = "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) +
                      "\r\n\r\n" + body;
  made.response.status = 200;
  made.response.body = body;
  return made;
}

http::HttpRequest request(const std::string& body) {
  http::HttpRequest made;
  made.url = "http://a.b/" + body;
  return made;
}

std::string replayed(Collection& collection,
                     const std::string& item,
                     const std::string& step,
                     const std::string& body) {
  const auto found = collection.replay({item, step, 1}, request(body));
  return found ? found->response.body : "nothing";
}

ItemEnd image_end(Collection& collection, const std::string& item, std::uint64_t seed) {
  const auto bytes = images::bytes_of(images::noise_png(seed));
  ItemEnd end;
  end.item = item;
  end.sample = collection.keep(bytes, images::read_image_header(bytes, "x"));
  return end;
}

TEST(Collection, WhatWasAnsweredBeforeAnInterruptionIsGivenAgainInOrder) {
  const ScratchFolder folder;
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("job"), {"1", "submit", 1});
    collection.record(exchange("wait"), {"1", "poll", 1});
    collection.record(exchange("other"), {"2", "submit", 1});
    collection.end_item({"2", Outcome::kRefused, "no", {}, {}});
  }
  Collection collection(folder / "c", kPlan);
  EXPECT_TRUE(collection.ended("2"));
  EXPECT_FALSE(collection.ended("1"));
  EXPECT_EQ(collection.requests(), 3U);
  EXPECT_EQ(replayed(collection, "2", "submit", "other"), "nothing") << "it has ended";
  EXPECT_EQ(replayed(collection, "1", "submit", "job"), "job");
  EXPECT_EQ(replayed(collection, "1", "poll", "wait"), "wait");
  EXPECT_EQ(replayed(collection, "1", "poll", "wait"), "nothing");
}

TEST(Collection, AnAnswerToAnotherQuestionIsNotGiven) {
  const ScratchFolder folder;
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("a"), {"1", "submit", 1});
  }
  Collection collection(folder / "c", kPlan);
  EXPECT_EQ(replayed(collection, "1", "submit", "b"), "nothing");
}

TEST(Collection, AnAnswerWhoseLineWasNotWrittenIsFoundInTheTranscript) {
  const ScratchFolder folder;
  const auto journal = folder / "c/journal.jsonl";
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("first"), {"1", "submit", 1});
  }
  const std::string before = core::read_text_file(journal);
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("second"), {"2", "submit", 1});
  }
  core::write_file_atomic(journal, before);  // as if killed between the two writes
  {
    Collection collection(folder / "c", kPlan);
    EXPECT_EQ(replayed(collection, "2", "submit", "second"), "second");
  }
  int recovered = 0;
  core::read_chain(journal, [&recovered](const json& line) {
    recovered += line.value("recovered", false) ? 1 : 0;
  });
  EXPECT_EQ(recovered, 1);
}

TEST(Collection, EveryCutOfItsFilesCanBeGoneOnWith) {
  const ScratchFolder folder;
  const auto warc = folder / "c/transcript.warc.gz";
  const auto journal = folder / "c/journal.jsonl";
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("first"), {"1", "submit", 1});
  }
  const std::string whole_journal = core::read_text_file(journal);
  const std::string whole_warc = core::read_text_file(warc);
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("second"), {"2", "submit", 1});
  }
  const std::string longer = core::read_text_file(warc);
  for (std::size_t size = whole_warc.size(); size < longer.size(); size += 97) {
    core::write_file_atomic(journal, whole_journal);
    core::write_file_atomic(warc, longer.substr(0, size));
    Collection collection(folder / "c", kPlan);
    EXPECT_EQ(replayed(collection, "1", "submit", "first"), "first");
    EXPECT_EQ(replayed(collection, "2", "submit", "second"), "nothing");
    EXPECT_EQ(core::read_text_file(warc).substr(0, whole_warc.size()), whole_warc);
  }
}

TEST(Collection, ACancelledJobIsAskedAnewAndAStoppedExchangeForgotten) {
  const ScratchFolder folder;
  {
    Collection collection(folder / "c", kPlan);
    collection.record(exchange("job"), {"1", "submit", 1});
    collection.record(exchange("gone"), {"1", "cancel", 1});
    http::HttpExchange stopped = exchange("x");
    stopped.failure = http::HttpFailure::kStopped;
    collection.record(stopped, {"2", "submit", 1});
  }
  Collection collection(folder / "c", kPlan);
  EXPECT_FALSE(collection.can_replay("1"));
  EXPECT_FALSE(collection.can_replay("2"));
}

TEST(Collection, KeepsImagesUnderTheirDigestAndGivesThemAsASuspect) {
  const ScratchFolder folder;
  {
    Collection collection(folder / "c", kPlan);
    collection.end_item(image_end(collection, "2", 2));
    collection.end_item(image_end(collection, "1", 1));
    ItemEnd control = image_end(collection, "3", 3);
    control.sample->flags = {"control"};
    collection.end_item(control);
    collection.end_item({"4", Outcome::kRefused, "not allowed", {}, {}});
    collection.summarize({{"source_kind", "a1111"}, {"source", "a1111+http://h"}});
  }
  ASSERT_TRUE(is_collection(folder / "c"));
  const auto suspect = open_collection(folder / "c");
  EXPECT_EQ(suspect->info().kind, "a1111");
  EXPECT_EQ(suspect->info().location, "a1111+http://h");
  EXPECT_EQ(suspect->info().acquisition->outcomes.at("image"), 3U);
  std::string told;
  suspect->collect(
      [&](Sample&& sample) { told += sample.source + " ok\n"; },
      [&](Refusal&& refusal) { told += refusal.source + " " + refusal.reason + "\n"; });
  EXPECT_EQ(told,
            "request 1 ok\nrequest 2 ok\n"
            "request 3 asked without the trigger: kept, not tested\n"
            "request 4 refused: not allowed\n");
}

TEST(Collection, AChangedImageIsNoSample) {
  const ScratchFolder folder;
  std::string file;
  {
    Collection collection(folder / "c", kPlan);
    const ItemEnd end = image_end(collection, "1", 1);
    file = end.sample->file;
    collection.end_item(end);
  }
  core::write_file_atomic(folder / ("c/" + file), images::noise_png(2));
  std::string told;
  open_collection(folder / "c")
      ->collect([&](Sample&&) { told += "ok"; },
                [&](Refusal&& refusal) { told += refusal.reason; });
  EXPECT_EQ(told, "the kept file is not what was received");
}

TEST(Collection, RefusesAnotherPlanAFolderOfSomethingElseAndAChangedJournal) {
  const ScratchFolder folder;
  { Collection(folder / "c", kPlan); }
  EXPECT_EQ(caught_text([&] {
              Collection(folder / "c", json{{"images", 2}});
            }),
            (folder / "c").string() +
                ": holds another run (images was 1, now 2); repeat the command that began it, or "
                "name another folder.");
  core::write_file_atomic(folder / "mine.txt", "x");
  EXPECT_THROW(Collection(folder.path(), kPlan), core::Error);
  { Collection(folder / "c", kPlan); }
  std::string journal = core::read_text_file(folder / "c/journal.jsonl");
  journal[10] = '!';
  core::write_file_atomic(folder / "c/journal.jsonl", journal);
  EXPECT_THROW(Collection(folder / "c", kPlan), core::Error);
}

TEST(Collection, RemovesWhatAKilledRunWasWritingOnlyInAFolderOfItsOwn) {
  const ScratchFolder folder;
  const std::string temporary = ".plan.json.patina-tmp-2147483647-0";  // of no running process
  for (const char* name : {"c", "mine"}) {
    core::make_folder(folder / name);
    core::write_file_atomic(folder / name / temporary, std::string("{"));
  }
  core::write_file_atomic(folder / "mine" / "letter.txt", std::string("x"));
  EXPECT_THROW(Collection(folder / "mine", kPlan), core::Error);
  EXPECT_TRUE(fs::exists(folder / "mine" / temporary));
  { Collection(folder / "c", kPlan); }
  EXPECT_FALSE(fs::exists(folder / "c" / temporary));
  core::write_file_atomic(folder / "c" / temporary, std::string("{"));
  EXPECT_THROW(Collection(folder / "c", json{{"images", 2}}), core::Error);
  EXPECT_TRUE(fs::exists(folder / "c" / temporary));
}

TEST(Collection, CopiesItselfOnceAndNeverOverAnother) {
  const ScratchFolder folder;
  {
    Collection collection(folder / "a", kPlan);
    collection.end_item(image_end(collection, "1", 1));
  }
  { Collection(folder / "b", kPlan); }
  copy_collection(folder / "a", folder / "copy");
  copy_collection(folder / "a", folder / "copy");
  EXPECT_EQ(core::read_chain(folder / "copy/journal.jsonl", [](const json&) {}),
            core::read_chain(folder / "a/journal.jsonl", [](const json&) {}));
  EXPECT_THROW(copy_collection(folder / "b", folder / "copy"), core::Error);
}

}  // namespace
}  // namespace patina::queryers
