// SPDX-License-Identifier: Apache-2.0
#include "report/bundle/bundle.h"

#include <cstdlib>
#include <filesystem>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "core/hash.h"
#include "images/image_io.h"
#include "report/bundle/bag.h"
#include "report/pdf/pdf.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"
#include "tests/report/example_bundle.h"

namespace patina::report {
namespace {

using core::ScratchFolder;
using testing::HasSubstr;
using testing::IsEmpty;

TEST(FinishBundle, WritesABag) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  EXPECT_FALSE(is_finished_bundle(scratch.path()));
  finish_bundle(scratch.path(), evidence);
  EXPECT_TRUE(is_finished_bundle(scratch.path()));
  const BagFiles files = list_bag(scratch.path());
  EXPECT_EQ(files.payload.size(), 6U);
  EXPECT_THAT(files.tags,
              testing::ElementsAre("bag-info.txt",
                                   "bagit.txt",
                                   "evidence.json",
                                   "manifest-sha256.txt",
                                   "report.pdf",
                                   "scores.csv"));
  EXPECT_THAT(files.strange, IsEmpty());
  EXPECT_EQ(core::read_text_file(scratch / "bagit.txt"),
            "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
}

TEST(FinishBundle, DescribesTheBag) {
  const ScratchFolder scratch;
  Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  evidence.case_name = "Case\nPayload-Oxum: 0.0";
  finish_bundle(scratch.path(), evidence);
  const std::string info = core::read_text_file(scratch / "bag-info.txt");
  EXPECT_THAT(info, testing::StartsWith("External-Description: Case\\nPayload-Oxum: 0.0\n"));
  EXPECT_THAT(info, HasSubstr("\nBag-Software-Agent: Patina 0.1.0\n"));
  EXPECT_THAT(info, HasSubstr("\nBagging-Date: 2026-03-04\n"));
  EXPECT_THAT(info, HasSubstr(".6\n"));
}

TEST(FinishBundle, GivesTheSameBytesTwice) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  finish_bundle(scratch.path(), evidence);
  const std::string first = core::read_text_file(scratch / kTagManifestFile);
  finish_bundle(scratch.path(), evidence);
  EXPECT_EQ(core::read_text_file(scratch / kTagManifestFile), first);
}

TEST(FinishBundle, PrintsTheDigestOfTheEvidenceFileInTheReport) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  finish_bundle(scratch.path(), evidence);
  const auto load = [&scratch](const ScoredSample& sample) {
    return images::read_image(scratch / sample.file, {}).image;
  };
  const std::string digest = core::to_hex(core::sha256_file(scratch / "evidence.json"));
  EXPECT_EQ(core::read_file(scratch / "report.pdf"), render_pdf(evidence, digest, load));
}

TEST(FinishBundle, RemovesWhatItSupersedes) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  core::write_file_atomic(scratch / ".progress.json", std::string("{}"));
  finish_bundle(scratch.path(), evidence, ".progress.json");
  EXPECT_FALSE(std::filesystem::exists(scratch / ".progress.json"));
  EXPECT_THAT(verify_bundle(scratch.path(), {}).differences, IsEmpty());
}

TEST(FinishBundle, IsUnfinishedAsLongAsASampleIsMissing) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  finish_bundle(scratch.path(), evidence);
  std::filesystem::remove(scratch / evidence.benign.samples[1].file);
  const core::Error error = core::caught([&] { finish_bundle(scratch.path(), evidence); });
  EXPECT_EQ(error.kind(), core::ErrorKind::kInput);
  EXPECT_THAT(error.what(), HasSubstr(evidence.benign.samples[1].file));
  EXPECT_THAT(error.what(), HasSubstr("is not a file of the bundle; run the audit again."));
  EXPECT_FALSE(is_finished_bundle(scratch.path()));
}

TEST(FinishBundle, RefusesSymbolicLinks) {
  const ScratchFolder scratch;
  const Evidence evidence = test::write_payload(scratch.path(), {2, 3});
  std::filesystem::create_symlink("/etc/hostname", scratch / "data/samples/link.png");
  EXPECT_THAT(core::caught_text([&] { finish_bundle(scratch.path(), evidence); }),
              HasSubstr("link.png: is a symbolic link or a special file"));
  EXPECT_FALSE(is_finished_bundle(scratch.path()));
}

TEST(FinishBundle, WritesManifestsThatSha256sumConfirms) {
  if (std::system("sha256sum --version > /dev/null 2>&1") != 0) GTEST_SKIP() << "no sha256sum here";
  const ScratchFolder scratch;
  finish_bundle(scratch.path(), test::write_payload(scratch.path(), {2, 3}));
  const std::string command = "cd '" + scratch.path().string() +
                              "' && sha256sum --quiet --strict --check manifest-sha256.txt "
                              "tagmanifest-sha256.txt";
  EXPECT_EQ(std::system(command.c_str()), 0);
}

}  // namespace
}  // namespace patina::report
