// SPDX-License-Identifier: Apache-2.0
#include "serve/internal/samplers.h"

#include <algorithm>

namespace patina::serve {
namespace {

std::string lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return text;
}

}  // namespace

const std::vector<Sampler>& samplers() {
  static const std::vector<Sampler> kSamplers = {
      {"Euler", "k_euler", "euler"},
      {"Euler a", "k_euler_a", "euler-ancestral"},
      {"DPM++ 2M", "k_dpmpp_2m", "dpm++2m"},
      {"DPM++ 2M Karras", "k_dpmpp_2m_ka", "dpm++2m-karras"},
      {"DDIM", "ddim", "ddim"},
      {"DDPM", "ddpm", "ddpm"},
      {"PLMS", "plms", "pndm"},
      {"LCM", "k_lcm", "lcm"},
  };
  return kSamplers;
}

const Sampler* find_sampler(const std::string& name) {
  const std::string wanted = lower(name);
  const auto found = std::find_if(
      samplers().begin(), samplers().end(), [&wanted](const Sampler& sampler) {
        return lower(sampler.shown) == wanted || sampler.alias == wanted;
      });
  return found == samplers().end() ? nullptr : &*found;
}

}  // namespace patina::serve
