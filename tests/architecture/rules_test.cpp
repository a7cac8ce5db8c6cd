// SPDX-License-Identifier: Apache-2.0
// Each rule against small made-up files: a forbidden edge is found and named, an allowed one is
// not.
#include "tests/architecture/rules.h"

#include <algorithm>
#include <ostream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/architecture/layers.h"

namespace patina::architecture {
namespace {

using testing::HasSubstr;

struct IncludeCase {
  std::string name;
  std::string file;
  std::string line;
  std::string problem;  ///< Part of the message; empty = allowed.
};

void PrintTo(const IncludeCase& c, std::ostream* out) { *out << c.file << " with " << c.line; }

class IncludeRule : public testing::TestWithParam<IncludeCase> {};

TEST_P(IncludeRule, NamesTheForbiddenEdgeAndOnlyThat) {
  const IncludeCase& c = GetParam();
  const std::string found = to_text(check_includes({c.file, "// first line\n" + c.line + "\n"}));
  if (c.problem.empty()) {
    EXPECT_EQ(found, "");
  } else {
    EXPECT_THAT(found, testing::StartsWith(c.file + ":2: "));
    EXPECT_THAT(found, HasSubstr(c.problem));
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Edges,
    IncludeRule,
    testing::Values(
        IncludeCase{"Down", "stats/a.cpp", "#include \"core/rng.h\"", ""},
        IncludeCase{"Same", "coat/siren/a.cpp", "#include \"coat/coat.h\"", ""},
        IncludeCase{"TwoDown", "analyzer/a.cpp", "#include \"core/rng.h\"", ""},
        IncludeCase{"CliToAll", "cli/coat.cpp", "#include \"evaluate/chain.h\"", ""},
        IncludeCase{"Up", "core/a.h", "#include \"stats/b.h\"", "core may not use stats"},
        IncludeCase{"UpToCli", "coat/a.h", "#include \"cli/b.h\"", "coat may not use cli"},
        IncludeCase{
            "Sideways", "report/a.h", "#include \"queryers/b.h\"", "report may not use queryers"},
        IncludeCase{"SidewaysTorch",
                    "diffusion/a.cpp",
                    "#include \"extractors/b.h\"",
                    "may not use extractors"},
        IncludeCase{
            "SidewaysTop", "coat/a.cpp", "#include \"analyzer/audit.h\"", "may not use analyzer"},
        IncludeCase{"TopToTop", "analyzer/a.cpp", "#include \"serve/b.h\"", "may not use serve"},
        IncludeCase{
            "Nested", "coat/siren/a.cpp", "#include \"queryers/b.h\"", "may not use queryers"},
        IncludeCase{"NotFromRoot", "stats/a.cpp", "#include \"b.h\"", "from the repository root"},
        IncludeCase{
            "Internal", "coat/a.cpp", "#include \"extractors/internal/b.h\"", "is internal to"},
        IncludeCase{"InternalOfASubfolder",
                    "diffusion/lora/a.cpp",
                    "#include \"diffusion/networks/internal/b.h\"",
                    "is internal to diffusion/networks"},
        IncludeCase{"OwnInternal", "stats/a.cpp", "#include \"stats/internal/b.h\"", ""}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Torch,
    IncludeRule,
    testing::Values(
        IncludeCase{"InItsModule", "extractors/a.cpp", "#include <torch/torch.h>", ""},
        IncludeCase{"InATorchHeader", "coat/a_torch.h", "#include <torch/torch.h>", ""},
        IncludeCase{"InAnInternalHeader", "coat/internal/a.h", "#include <torch/torch.h>", ""},
        IncludeCase{
            "InAPublicHeader", "coat/a.h", "#include <torch/torch.h>", "public header includes"},
        IncludeCase{"ThroughTheDoor",
                    "coat/a.h",
                    "#include \"extractors/b_torch.h\"",
                    "public header includes"},
        IncludeCase{"InCore", "core/a.cpp", "#include <ATen/ATen.h>", "core may not see LibTorch"},
        IncludeCase{
            "InStats", "stats/a.cpp", "#include <c10/core/Device.h>", "may not see LibTorch"},
        IncludeCase{"InAnalyzer",
                    "analyzer/a.cpp",
                    "#include \"extractors/b_torch.h\"",
                    "analyzer may not use extractors"},
        IncludeCase{"InEvaluate",
                    "evaluate/a.cpp",
                    "#include \"coat/b_torch.h\"",
                    "evaluate may not see LibTorch"},
        IncludeCase{"AnalyzerPlain", "analyzer/a.cpp", "#include \"keys/coat_key.h\"", ""},
        IncludeCase{"CliWithoutReason", "cli/a.cpp", "#include <torch/torch.h>", "calls no module"},
        IncludeCase{"CliWithReason",
                    "cli/a.cpp",
                    "#include <torch/torch.h> \n#include \"coat/coat.h\"",
                    ""}),
    [](const auto& tested) { return tested.param.name; });

INSTANTIATE_TEST_SUITE_P(
    ThirdParty,
    IncludeRule,
    testing::Values(
        IncludeCase{"OpenCVAtHome", "images/pixels/image.cpp", "#include <opencv2/core.hpp>", ""},
        IncludeCase{
            "OpenCVInQuality", "extractors/quality/quality.cpp", "#include <opencv2/core.hpp>", ""},
        IncludeCase{
            "OpenCVInHash", "core/hash.cpp", "#include <opencv2/core.hpp>", "brings OpenCV"},
        IncludeCase{
            "OpenCVInCoat", "coat/coat.cpp", "#include <opencv2/core.hpp>", "brings OpenCV"},
        IncludeCase{"PocoAtHome", "http/client.cpp", "#include <Poco/URI.h>", ""},
        IncludeCase{"PocoInQueryers", "queryers/plan.cpp", "#include <Poco/URI.h>", "brings Poco"},
        IncludeCase{"HaruAtHome", "report/pdf/chart.cpp", "#include <hpdf.h>", ""},
        IncludeCase{
            "HaruInBundle", "report/bundle/bundle.cpp", "#include <hpdf.h>", "brings libharu"},
        IncludeCase{
            "BoostAtHome", "stats/a.cpp", "#include <boost/math/special_functions.hpp>", ""},
        IncludeCase{"BoostInCore", "core/a.cpp", "#include <boost/crc.hpp>", "brings Boost"},
        IncludeCase{"EigenInCoat", "coat/a.cpp", "#include <Eigen/Dense>", "brings Eigen"},
        IncludeCase{
            "OpenSSLInReport", "report/a.cpp", "#include <openssl/evp.h>", "brings OpenSSL"},
        IncludeCase{"CLI11InCoat", "coat/a.cpp", "#include <CLI/CLI.hpp>", "brings CLI11"},
        IncludeCase{
            "JSONInStats", "stats/a.cpp", "#include <nlohmann/json.hpp>", "brings nlohmann/json"},
        IncludeCase{"Standard", "core/a.cpp", "#include <sys/stat.h>", ""},
        IncludeCase{"NoModule", "bench/a.cpp", "#include <boost/crc.hpp>", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(ChannelOrder, IsOpenCVsAffairOnly) {
  const std::string code = "int a;\ncv::Mat m;  // BGR\n";
  EXPECT_EQ(to_text(check_channel_order({"images/pixels/image.cpp", code})), "");
  EXPECT_THAT(to_text(check_channel_order({"coat/coat.cpp", code})),
              testing::StartsWith("coat/coat.cpp:2: cv:: outside"));
  EXPECT_EQ(to_text(check_channel_order({"coat/coat.cpp", "// never BGR, never cv::Mat\n"})), "");
}

TEST(TestIncludes, KeepLibTorchOutOfTheTestsBelowIt) {
  const std::string code = "#include <torch/torch.h>\n";
  EXPECT_EQ(to_text(check_test_includes({"tests/stats/a_test.cpp", code})),
            "tests/stats/a_test.cpp:1: tests of stats may not see LibTorch (torch/torch.h)\n");
  EXPECT_EQ(to_text(check_test_includes({"tests/coat/a_test.cpp", code})), "");
}

TEST(Shape, AsksForTheLicenceFirst) {
  EXPECT_EQ(to_text(check_shape({"core/a.h", "// SPDX-License-Identifier: Apache-2.0\n"})), "");
  EXPECT_THAT(to_text(check_shape({"core/a.h", "#pragma once\n"})),
              HasSubstr("core/a.h:1: the first line is not 'SPDX-License-Identifier: Apache-2.0'"));
}

TEST(Shape, LimitsHeadersTo150LinesAndFilesTo600) {
  const std::string license = "// SPDX-License-Identifier: Apache-2.0\n";
  EXPECT_EQ(to_text(check_shape({"core/a.h", license + std::string(149, '\n')})), "");
  EXPECT_EQ(to_text(check_shape({"core/a.h", license + std::string(150, '\n')})),
            "core/a.h:151: 151 lines, at most 150 allowed; split it by subject\n");
  EXPECT_EQ(to_text(check_shape({"core/a.cpp", license + std::string(599, '\n')})), "");
  EXPECT_THAT(to_text(check_shape({"core/a.cpp", license + std::string(600, '\n')})),
              HasSubstr("core/a.cpp:601: 601 lines, at most 600"));
}

TEST(FolderNames, MustNameASubject) {
  EXPECT_THAT(to_text(check_folder_names({"core/utils/a.h", ""})), HasSubstr("folder 'utils'"));
  EXPECT_THAT(to_text(check_folder_names({"misc/a.png", ""})), HasSubstr("folder 'misc'"));
  EXPECT_EQ(to_text(check_folder_names({"core/common.h", ""})), "");
}

struct LinkCase {
  std::string name;
  std::string line;
  std::string problem;
};

void PrintTo(const LinkCase& c, std::ostream* out) { *out << c.line; }

class LinkRule : public testing::TestWithParam<LinkCase> {};

TEST_P(LinkRule, NamesTheForbiddenTargetAndOnlyThat) {
  const LinkCase& c = GetParam();
  const std::string problem = c.problem.empty() ? "" : "links.txt:2: " + c.problem + "\n";
  EXPECT_EQ(to_text(check_links("core: patina_flags\n" + c.line + "\n", "links.txt")), problem);
}

INSTANTIATE_TEST_SUITE_P(
    Targets,
    LinkRule,
    testing::Values(
        LinkCase{"Down", "stats: patina_core patina_strict_flags Boost::headers Eigen3::Eigen", ""},
        LinkCase{"Torch", "coat: patina_extractors patina_torch", ""},
        LinkCase{"Program", "cli: patina_cli patina_coat patina_torch CLI11::CLI11", ""},
        LinkCase{"SubTarget", "coat: patina_coat_siren patina_torch_pch", ""},
        LinkCase{"FromSubTarget", "coat_siren: patina_extractors patina_torch", ""},
        LinkCase{"SubTargetUp",
                 "extractors: patina_coat_siren",
                 "extractors may not link patina_coat_siren"},
        LinkCase{"Up", "core: patina_stats", "core may not link patina_stats"},
        LinkCase{"UpByAlias", "core: patina::stats", "core may not link patina::stats"},
        LinkCase{"Sideways",
                 "report: patina_core patina_queryers",
                 "report may not link patina_queryers"},
        LinkCase{"TorchBelow", "stats: patina_torch", "stats may not link patina_torch (LibTorch)"},
        LinkCase{"TorchInAnalyzer",
                 "analyzer: patina_torch",
                 "analyzer may not link patina_torch (LibTorch)"},
        LinkCase{"OpenCV", "coat: patina_opencv", "coat may not link patina_opencv (OpenCV)"},
        LinkCase{"Poco", "report: Poco::Net", "report may not link Poco::Net (Poco)"},
        LinkCase{"Unknown",
                 "core: fmt::fmt",
                 "core links fmt::fmt, which the table of libraries does not know"},
        LinkCase{"NoModule", "gadgets: patina_core", "gadgets is no module of the table"},
        LinkCase{"TestBelow",
                 "tests/report: patina_report patina_extractors",
                 "tests of report may not link patina_extractors (LibTorch)"},
        LinkCase{"TestTorch",
                 "tests/core: patina_torch",
                 "tests of core may not link patina_torch (LibTorch)"},
        LinkCase{"TestSuiteBelow",
                 "tests/stats_golden: patina_stats patina_torch",
                 "tests of stats_golden may not link patina_torch (LibTorch)"},
        LinkCase{"TestAbove", "tests/coat: patina_coat patina_torch GTest::gmock", ""}),
    [](const auto& tested) { return tested.param.name; });

TEST(UnusedArrows, AreNamed) {
  std::vector<SourceFile> files;
  for (const Module& module : modules()) {
    std::string text;
    for (const std::string& used : module.may_use) {
      if (module.name != "serve" || used != "images") text += "#include \"" + used + "/a.h\"\n";
    }
    files.push_back({module.name + "/a.cpp", text});
  }
  EXPECT_EQ(to_text(check_unused_arrows(files)),
            "serve:0: no file uses images; take the arrow away\n");
}

TEST(FolderCircles, AreNamedWithAPlaceForEachArrow) {
  const std::vector<SourceFile> files = {
      {"coat/a.cpp", "#include \"coat/siren/b.h\"\n"},
      {"coat/siren/b.h", "#include \"coat/pattern/c.h\"\n"},
      {"coat/pattern/c.h", "\n#include \"coat/a.h\"\n"},
      {"coat/warp/d.cpp", "#include \"coat/pattern/c.h\"\n#include \"core/rng.h\"\n"}};
  EXPECT_EQ(to_text(check_folder_circles(files)),
            "coat/a.cpp:1: arrow from coat to coat/siren is part of a circle\n"
            "coat/pattern/c.h:2: arrow from coat/pattern to coat is part of a circle\n"
            "coat/siren/b.h:1: arrow from coat/siren to coat/pattern is part of a circle\n");
}

TEST(FolderCircles, DoNotCountInternalAsAFolderOfItsOwn) {
  EXPECT_EQ(to_text(check_folder_circles({{"stats/a.cpp", "#include \"stats/internal/b.h\"\n"},
                                          {"stats/internal/b.h", "#include \"stats/a.h\"\n"}})),
            "");
}

TEST(UnusedLinks, AreNamedForModulesAndPartsOfThem) {
  const std::vector<SourceFile> files = {{"serve/a.cpp", "#include \"core/rng.h\"\n"},
                                         {"coat/siren/b.cpp", "#include \"coat/pattern/c.h\"\n"}};
  EXPECT_EQ(to_text(check_unused_links("serve: patina_core patina_images Poco::Net\n"
                                       "coat_siren: patina_coat_pattern patina_coat_frame\n",
                                       "links.txt",
                                       files)),
            "links.txt:1: serve links patina_images and uses nothing of it\n"
            "links.txt:2: coat/siren links patina_coat_frame and uses nothing of it\n");
}

TEST(LayerTable, UsesOnlyWhatStandsAboveItsLine) {
  std::vector<std::string> above;
  for (const Module& user : modules()) {
    for (const std::string& used : user.may_use) {
      EXPECT_NE(std::find(above.begin(), above.end(), used), above.end())
          << user.name << " and " << used;
    }
    above.push_back(user.name);
  }
}

TEST(DataRule, NamesDataThatCodeReadsAndNobodyInstalls) {
  const std::vector<SourceFile> files = {
      {"cmake/PatinaInstall.cmake", "set(PATINA_DATA_FOLDERS base fonts gone)\n"},
      {"fixtures/base/unet/config.json", ""},
      {"fixtures/fonts/Sans.ttf", ""},
      {"fixtures/prompts/bank.txt", ""},
      {"fixtures/photos/owner/1.jpg", ""},
      {"report/pdf/pdf.cpp", "const char* kFont = \"fonts/Sans.ttf\";\n"},
      {"queryers/plan.cpp", "constexpr const char* kBank = \"prompts/bank.txt\";\n"},
      {"coat/coat.cpp", "// data_file(\"photos\")\nauto base = core::data_file(\"base\");\n"},
      {"cli/evaluate.cpp", "auto owners = core::data_file(\"photos\");\n"},
      {"tests/coat/coat_test.cpp", "auto photo = core::data_file(\"photos/owner/1.jpg\");\n"}};
  EXPECT_EQ(to_text(check_data_folders(files)),
            "cmake/PatinaInstall.cmake:0: installs fixtures/gone, which is not there\n"
            "queryers/plan.cpp:0: reads fixtures/prompts, which cmake/PatinaInstall.cmake does not "
            "install\n"
            "cli/evaluate.cpp:0: reads fixtures/photos, which cmake/PatinaInstall.cmake does not "
            "install\n");
}

}  // namespace
}  // namespace patina::architecture
