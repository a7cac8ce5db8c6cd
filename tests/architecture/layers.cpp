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

// Bottom up: what a module uses stands above it.
const std::vector<Module>& modules() {
  static const std::vector<Module> kModules = {
      {"core", {}, false},
      {"images", {"core"}, false},
      {"stats", {"core"}, false},
      {"http", {"core"}, false},
      {"tensors", {"images", "core"}, true},
      {"keys", {"images", "core"}, false},
      {"transforms", {"tensors", "images", "core"}, true},
      {"report", {"keys", "stats", "images", "core"}, false},
      {"queryers", {"http", "images", "core"}, false},
      {"extractors", {"transforms", "tensors", "keys", "images", "core"}, true},
      {"diffusion", {"tensors", "images", "core"}, true},
      {"analyzer", {"queryers", "report", "keys", "stats", "images", "core"}, false},
      {"serve", {"diffusion", "images", "core"}, false},
      {"coat",
       {"diffusion", "extractors", "transforms", "tensors", "keys", "stats", "images", "core"},
       true},
      {"evaluate", {"coat", "diffusion", "tensors", "keys", "stats", "images", "core"}, false},
      {"cli",
       {"evaluate",
        "coat",
        "serve",
        "analyzer",
        "diffusion",
        "queryers",
        "report",
        "keys",
        "tensors",
        "http",
        "images",
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
       {"tensors/", "transforms/", "diffusion/", "extractors/", "coat/", "cli/"}},
      {"OpenCV",
       {"opencv2/", "opencv.hpp"},
       {"patina_opencv", "opencv_"},
       {"images/pixels/image",
        "images/codecs/opencv_codec",
        "images/codecs/webp_codec",
        "extractors/frame/frame_plane",
        "extractors/quality/quality"}},
      {"ICU", {"unicode/"}, {"ICU::"}, {"diffusion/tokens/prompt_text"}},
      {"Poco", {"Poco/"}, {"Poco::"}, {"http/", "serve/serve"}},
      {"libharu", {"hpdf"}, {"LibHaru::"}, {"report/pdf/"}},
      {"Boost", {"boost/"}, {"Boost::"}, {"stats/"}},
      {"Eigen", {"Eigen/", "unsupported/Eigen"}, {"Eigen3::"}, {"stats/"}},
      {"OpenSSL", {"openssl/"}, {"OpenSSL::"}, {"core/", "http/tls"}},
      {"libjpeg", {"jpeglib.h", "jerror.h"}, {"JPEG::"}, {"images/codecs/"}},
      {"libtiff", {"tiff.h", "tiffio.h"}, {"TIFF::"}, {"images/codecs/"}},
      {"zlib", {"zlib.h"}, {"ZLIB::"}, {"core/deflate", "images/containers/"}},
      {"libxml2",
       {"libxml/"},
       {"LibXml2::"},
       {"queryers/galleries/markup", "images/containers/xmp"}},
      {"lcms2", {"lcms2"}, {"LCMS2::"}, {"images/codecs/inks"}},
      {"CLI11", {"CLI/"}, {"CLI11::"}, {"cli/"}},
      {"nlohmann/json",
       {"nlohmann/"},
       {"nlohmann_json::"},
       {"core/",
        "images/",
        "http/",
        "keys/",
        "report/",
        "queryers/",
        "diffusion/",
        "coat/",
        "analyzer/",
        "serve/",
        "evaluate/",
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
