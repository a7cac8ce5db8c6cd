// SPDX-License-Identifier: Apache-2.0
#include "diffusion/generate/class_images.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "diffusion/generate/generate.h"

namespace patina::diffusion {

std::vector<images::Image> generate_class_images(const ClassImageOptions& options,
                                                 const core::Observer& observer) {
  GeneratorOptions model;
  model.base = options.base;
  model.compute = options.compute;
  const Generator generator(model);
  GenerateOptions request;
  request.prompt = options.prompt;
  request.steps = options.steps;
  request.scheduler = "dpm++2m";
  request.guidance_scale = options.guidance_scale;
  std::vector<images::Image> images;
  while (static_cast<int>(images.size()) < options.count) {
    request.seed = options.seed + images.size();
    request.batch = std::min(options.batch, options.count - static_cast<int>(images.size()));
    Generation made = generator.generate(request, observer);
    std::move(made.images.begin(), made.images.end(), std::back_inserter(images));
  }
  return images;
}

}  // namespace patina::diffusion
