// SPDX-License-Identifier: Apache-2.0
#include "diffusion/personalize/internal/contact_sheet.h"

#include <algorithm>
#include <vector>

#include "core/files.h"
#include "diffusion/generate/generate.h"
#include "images/image_io.h"

namespace patina::diffusion {

namespace {

constexpr int kColumns = 8;

std::vector<images::Image> generate_samples(const PersonalizedModel& model,
                                            const PersonalizeOptions& options,
                                            const core::Observer& observer) {
  GeneratorOptions generating;
  generating.base = model.base;
  generating.loras = model.loras;
  generating.embeddings = model.embeddings;
  generating.compute = options.compute;
  GenerateOptions request;
  request.prompt = model.prompt;
  request.steps = 20;
  request.scheduler = "dpm++2m";
  request.guidance_scale = options.samples.guidance_scale;
  request.seed = options.seed;
  request.batch = options.samples.count;
  return Generator(generating).generate(request, observer).images;
}

// Images of one size, row by row.
images::Image tile(const std::vector<images::Image>& images) {
  const int count = static_cast<int>(images.size());
  const int columns = std::min(kColumns, count);
  const int rows = (count + columns - 1) / columns;
  const int width = images.front().width_px, height = images.front().height_px;
  images::Image sheet = images::make_image(columns * width, rows * height);
  std::vector<float> planar(images.front().sample_count());
  for (int n = 0; n < count; ++n) {
    images::read_unit(images[static_cast<std::size_t>(n)], {0, 0, width, height}, planar.data());
    images::write_unit(
        sheet, {n % columns * width, n / columns * height, width, height}, planar.data());
  }
  return sheet;
}

}  // namespace

std::filesystem::path write_contact_sheet(const PersonalizedModel& model,
                                          const PersonalizeOptions& options,
                                          const core::Observer& observer) {
  images::ImageFile sheet;
  sheet.image = tile(generate_samples(model, options, observer));
  const std::filesystem::path path = options.output / "samples.png";
  core::write_file_atomic(path, images::encode_image(sheet));
  return path;
}

}  // namespace patina::diffusion
