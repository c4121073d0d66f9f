// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import dev.outboxrelay.operate.ServerWords;
import java.sql.SQLException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Says which setting of a destination the database refuses, and its value. */
final class SettingRefused {
  private static final Pattern CHECK = Pattern.compile("destination_(.+)_check");
  private static final String DATA_CLASS = "22";

  private SettingRefused() {}

  /** What may be refused. */
  @FunctionalInterface
  interface Work {
    void run() throws SQLException;
  }

  static void translate(Map<String, @Nullable String> values, Work work) throws SQLException {
    try {
      work.run();
    } catch (IllegalArgumentException e) {
      throw new UserError(ExitCode.USAGE, String.valueOf(e.getMessage()));
    } catch (SQLException e) {
      ServerWords words = ServerWords.of(e);
      Matcher check = CHECK.matcher(words.constraint() == null ? "" : words.constraint());
      if (check.matches() && values.containsKey(check.group(1))) {
        throw new UserError(
            ExitCode.USAGE,
            "'"
                + values.get(check.group(1))
                + "' is no "
                + check.group(1)
                + " of a destination: see docs/reference/destinations.md");
      }
      if (words.state().startsWith(DATA_CLASS)) {
        throw new UserError(ExitCode.USAGE, words.withHint() + ", in " + values);
      }
      throw e;
    }
  }
}
