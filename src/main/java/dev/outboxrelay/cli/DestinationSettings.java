// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Settings of a destination as they stand on a command line: {@code max-attempts=5}. */
final class DestinationSettings {
  private DestinationSettings() {}

  /** By column; nothing after the sign is null. */
  static Map<String, @Nullable String> read(List<String> texts) {
    Map<String, @Nullable String> values = new LinkedHashMap<>();
    for (String text : texts) {
      int sign = text.indexOf('=');
      if (sign < 1) {
        throw new UserError(
            ExitCode.USAGE, "'" + text + "' is no setting; write max_attempts=5, for example");
      }
      String name = text.substring(0, sign).replace('-', '_').toLowerCase(Locale.ROOT);
      if (values.containsKey(name)) {
        throw new UserError(ExitCode.USAGE, "'" + name + "' is given twice: give it once");
      }
      String value = text.substring(sign + 1);
      values.put(name, value.isEmpty() ? null : value);
    }
    return values;
  }
}
