// SPDX-License-Identifier: Apache-2.0
// How far the images of two folders lie apart (evaluate/chain/layout.h):
//
//   image_distance FOLDER FOLDER
//
// With halves of one folder beside it: what chance does at that number of images.
#include <cstdio>
#include <iostream>

#include "evaluate/chain/layout.h"
#include "images/image_io.h"
#include "images/image_list.h"

namespace {

std::vector<patina::images::Image> read_images(const char* folder) {
  std::vector<patina::images::Image> images;
  for (const patina::images::ImageEntry& entry : patina::images::list_images({folder})) {
    images.push_back(patina::images::read_image(entry.path).image);
  }
  return images;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::cerr << "usage: image_distance FOLDER FOLDER\n";
    return 2;
  }
  try {
    const std::vector<patina::images::Image> first = read_images(argv[1]),
                                             second = read_images(argv[2]);
    std::vector<patina::images::Image> even, odd;
    for (std::size_t i = 0; i < second.size(); ++i) (i % 2 == 0 ? even : odd).push_back(second[i]);
    std::printf("distance %.0f, between halves of the second %.0f\n",
                patina::evaluate::layout_distance(first, second),
                patina::evaluate::layout_distance(even, odd));
    return 0;
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
}
