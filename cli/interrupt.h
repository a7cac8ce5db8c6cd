// SPDX-License-Identifier: Apache-2.0
// Ctrl-C: the first asks the work to stop where it can be resumed, the second ends the program at
// once.
#pragma once

namespace patina::cli {

/// Catches SIGINT and SIGTERM, each once; for main() only.
void handle_interrupts();

/// True from the first signal on.
bool interrupted();

}  // namespace patina::cli
