// SPDX-License-Identifier: Apache-2.0
#include "images/codecs/libjpeg_session.h"

#include <array>
#include <jerror.h>

namespace patina::images {
namespace {

JPEGErrors* errors_of(j_common_ptr codec) { return reinterpret_cast<JPEGErrors*>(codec->err); }

[[noreturn]] void leave(j_common_ptr codec) { std::longjmp(errors_of(codec)->escape, 1); }

void count_warning(j_common_ptr codec, int level) {
  if (level >= 0) return;
  ++codec->err->num_warnings;
  // JWRN_JPEG_EOF alone says that the end marker is missing: the decoder looks ahead.
  if (codec->err->msg_code == JWRN_HIT_MARKER) errors_of(codec)->data_missing = true;
}

void print_nothing(j_common_ptr) {}

}  // namespace

jpeg_error_mgr* install(JPEGErrors& errors) {
  jpeg_std_error(&errors.manager);
  errors.manager.error_exit = leave;
  errors.manager.emit_message = count_warning;
  errors.manager.output_message = print_nothing;
  return &errors.manager;
}

std::string message_of(j_common_ptr codec) {
  std::array<char, JMSG_LENGTH_MAX> text{};
  codec->err->format_message(codec, text.data());
  return text.data();
}

}  // namespace patina::images
