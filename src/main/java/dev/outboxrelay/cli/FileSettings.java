// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.nio.file.Path;
import java.util.Map;

/**
 * What a configuration file says.
 *
 * @param path where it is
 * @param values by variable, as an environment has them
 */
record FileSettings(Path path, Map<String, String> values) {
  FileSettings {
    values = Map.copyOf(values);
  }
}
