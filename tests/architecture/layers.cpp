// SPDX-License-Identifier: Apache-2.0
#include "tests/architecture/layers.h"

#include <algorithm>

namespace patina::architecture {
namespace {

bool any_prefix_of(const std::vector<std::string>& prefixes, std::string_view text) {
  return std::any_of(prefixes.begin(), prefixes.end(), [text](const std::string& prefix) {
    return starts_with(text, prefix);
  });
}

}  // namespace

const std::vector<Module>& modules() {
  static const std::vector<Module> kModules = {
      {"core", {}, false},
      {"stats", {"core"}, false},
      {"report", {"stats", "core"}, false},
      {"queryers", {"stats", "core"}, false},
      {"extractors", {"stats", "core"}, true},
      {"diffusion", {"stats", "core"}, true},
      {"analyzer", {"queryers", "report", "extractors", "diffusion", "stats", "core"}, false},
      {"serve", {"diffusion", "stats", "core"}, false},
      {"coat", {"diffusion", "extractors", "report", "stats", "core"}, true},
      {"redteam", {"diffusion", "extractors", "report", "stats", "core"}, true},
      {"evaluate", {"coat", "diffusion", "extractors", "report", "stats", "core"}, false},
      {"cli",
       {"evaluate",
        "coat",
        "serve",
        "analyzer",
        "redteam",
        "diffusion",
        "extractors",
        "queryers",
        "report",
        "stats",
        "core"},
       false},
  };
  return kModules;
}

const Module* module_of_target(std::string_view name) {
  for (const std::string_view prefix : {"patina_", "patina::"}) {
    if (starts_with(name, prefix)) name.remove_prefix(prefix.size());
  }
  return find_module(name.substr(0, name.find('_')));
}

const Module* find_module(std::string_view name) {
  const auto found = std::find_if(modules().begin(), modules().end(), [name](const Module& module) {
    return module.name == name;
  });
  return found == modules().end() ? nullptr : &*found;
}

bool may_use(const Module& user, std::string_view used) {
  return user.name == used ||
         std::find(user.may_use.begin(), user.may_use.end(), used) != user.may_use.end();
}

const std::vector<Library>& libraries() {
  static const std::vector<Library> kLibraries = {
      {"LibTorch",
       {"torch/", "ATen/", "c10/", "caffe2/"},
       {"patina_torch", "torch", "c10"},
       {"diffusion/", "extractors/", "coat/", "redteam/", "cli/"}},
      {"OpenCV",
       {"opencv2/", "opencv.hpp"},
       {"patina_opencv", "opencv_"},
       {"core/image",
        "core/internal/opencv_codec",
        "core/internal/webp_codec",
        "extractors/frame_plane",
        "extractors/quality"}},
      {"ICU", {"unicode/"}, {"ICU::"}, {"diffusion/internal/prompt_text"}},
      {"Poco", {"Poco/"}, {"Poco::"}, {"queryers/", "serve/http_front"}},
      {"libharu", {"hpdf"}, {"LibHaru::"}, {"report/pdf"}},
      {"Boost", {"boost/"}, {"Boost::"}, {"stats/"}},
      {"Eigen", {"Eigen/", "unsupported/Eigen"}, {"Eigen3::"}, {"stats/"}},
      {"OpenSSL", {"openssl/"}, {"OpenSSL::"}, {"core/", "queryers/http/tls"}},
      {"libjpeg", {"jpeglib.h", "jerror.h"}, {"JPEG::"}, {"core/"}},
      {"libtiff", {"tiff.h", "tiffio.h"}, {"TIFF::"}, {"core/"}},
      {"zlib", {"zlib.h"}, {"ZLIB::"}, {"core/", "queryers/internal/inflate"}},
      {"libxml2", {"libxml/"}, {"LibXml2::"}, {"queryers/galleries/markup"}},
      {"CLI11", {"CLI/"}, {"CLI11::"}, {"cli/"}},
      {"nlohmann/json",
       {"nlohmann/"},
       {"nlohmann_json::"},
       {"core/",
        "report/",
        "queryers/",
        "extractors/",
        "diffusion/",
        "coat/",
        "analyzer/",
        "serve/",
        "evaluate/",
        "redteam/",
        "cli/"}},
  };
  return kLibraries;
}

const Library* library_of_include(std::string_view include_path) {
  for (const Library& library : libraries()) {
    if (any_prefix_of(library.include_prefixes, include_path)) return &library;
  }
  return nullptr;
}

const Library* library_of_target(std::string_view target) {
  for (const Library& library : libraries()) {
    if (any_prefix_of(library.link_prefixes, target)) return &library;
  }
  return nullptr;
}

bool is_home(const Library& library, std::string_view file) {
  return any_prefix_of(library.homes, file);
}

bool is_home_module(const Library& library, std::string_view module) {
  const std::string folder = std::string(module) + "/";
  return std::any_of(library.homes.begin(),
                     library.homes.end(),
                     [&folder](const std::string& home) { return starts_with(home, folder); });
}

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

bool ends_with(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() && text.substr(text.size() - suffix.size()) == suffix;
}

}  // namespace patina::architecture
