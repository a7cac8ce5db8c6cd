// SPDX-License-Identifier: Apache-2.0
#include "cli/passphrase.h"

#include <sstream>

#include <gtest/gtest.h>

#include "core/files.h"
#include "tests/core/caught.h"
#include "tests/core/scratch_folder.h"

namespace patina::cli {
namespace {

namespace fs = std::filesystem;

class Passphrase : public testing::Test {
 protected:
  std::string read(const std::string& text, core::FileAccess access = core::FileAccess::kSecret) {
    core::write_file_atomic(file_, text, access);
    return read_passphrase(file_, err_);
  }

  core::ScratchFolder folder_;
  fs::path file_ = folder_ / "phrase";
  core::ScopedEnvironment none_{"PATINA_PASSPHRASE", nullptr};
  std::ostringstream err_;
};

TEST_F(Passphrase, IsTheFirstLineOfTheFile) {
  EXPECT_EQ(read("correct horse\nsecond line\n"), "correct horse");
  EXPECT_EQ(read("correct horse\r\n"), "correct horse");
  EXPECT_EQ(read("correct horse"), "correct horse");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(Passphrase, ComesFromTheEnvironmentWithoutAFile) {
  EXPECT_EQ(read_passphrase({}, err_), "");
  const core::ScopedEnvironment set("PATINA_PASSPHRASE", "from outside");
  EXPECT_EQ(read_passphrase({}, err_), "from outside");
  EXPECT_EQ(read("from the file"), "from the file");
}

TEST_F(Passphrase, WarnsWhenOthersMayReadTheFile) {
  core::write_file_atomic(file_, std::string("secret"));
  fs::permissions(file_, fs::perms(0644));
  EXPECT_EQ(read_passphrase(file_, err_), "secret");
  EXPECT_EQ(err_.str(),
            "patina: " + file_.string() +
                ": others may read this passphrase (mode 0644); run chmod 600 on it.\n");
}

TEST_F(Passphrase, KeepsBlanksThatAreNoLineEnd) { EXPECT_EQ(read(" a b \n"), " a b "); }

TEST_F(Passphrase, IsNotTakenFromTheEnvironmentWhereTheFileCannotBeRead) {
  const core::ScopedEnvironment set("PATINA_PASSPHRASE", "from outside");
  const core::Error error = core::caught([this] { read_passphrase(folder_ / "none", err_); });
  EXPECT_NE(std::string(error.what()).find((folder_ / "none").string()), std::string::npos);
}

TEST_F(Passphrase, IsRefusedFromAFileThatIsNoPassphrase) {
  EXPECT_THROW(read(std::string(5000, 'x')), core::Error) << "4096 bytes at most";
}

TEST_F(Passphrase, MustNotBeEmpty) {
  EXPECT_EQ(core::caught_text([this] { read("\nsecond line"); }),
            file_.string() +
                ": its first line is empty, a passphrase is expected there; write one or leave out "
                "--passphrase-file.");
}

}  // namespace
}  // namespace patina::cli
