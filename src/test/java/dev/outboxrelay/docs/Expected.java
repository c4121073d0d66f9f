// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.docs;

import java.util.Arrays;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Output as a page shows it. What differs from run to run is not compared: times, ids of messages,
 * epochs, transactions, the width of columns, and whatever the page writes as {@code …}.
 */
final class Expected {
  private static final Pattern TIME =
      Pattern.compile("\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d:\\d\\d(?:\\.\\d+)?(?:Z|\\+00)?");
  private static final Pattern ID = Pattern.compile("\\b\\d+-[0-9a-z]{9,12}\\b");
  private static final Pattern EPOCH = Pattern.compile("\"epoch\":\\d+");
  private static final Pattern TX = Pattern.compile("\"tx\":\"\\d+\"");
  private static final String OPEN = "…";

  private Expected() {}

  static boolean matches(String expected, String line) {
    String pattern =
        Arrays.stream(masked(expected).split(OPEN, -1))
            .map(Pattern::quote)
            .collect(Collectors.joining(".*"));
    return masked(line).matches(pattern);
  }

  /** Whether each line is matched by the one in its place. */
  static boolean matches(List<String> expected, List<String> lines) {
    if (expected.size() != lines.size()) {
      return false;
    }
    for (int i = 0; i < lines.size(); i++) {
      if (!matches(expected.get(i), lines.get(i))) {
        return false;
      }
    }
    return true;
  }

  private static String masked(String line) {
    String masked = ID.matcher(TIME.matcher(line).replaceAll("TIME")).replaceAll("ID");
    masked = TX.matcher(EPOCH.matcher(masked).replaceAll("\"epoch\":N")).replaceAll("\"tx\":N");
    return masked.replaceAll("-{2,}", "--").replaceAll("\\s+", " ").strip();
  }
}
