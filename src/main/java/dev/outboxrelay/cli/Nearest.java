// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import java.util.Collection;
import java.util.Comparator;

/** The name that was meant: the one of those that there are that looks most like what was given. */
final class Nearest {
  private Nearest() {}

  static String of(String name, Collection<String> known) {
    return known.stream()
        .min(Comparator.comparingDouble(candidate -> distance(name, candidate)))
        .orElseThrow();
  }

  /** The share of letters that are not common to both, in their order: 0 for the same name. */
  private static double distance(String a, String b) {
    int[][] common = new int[a.length() + 1][b.length() + 1];
    for (int i = 1; i <= a.length(); i++) {
      for (int j = 1; j <= b.length(); j++) {
        common[i][j] =
            a.charAt(i - 1) == b.charAt(j - 1)
                ? common[i - 1][j - 1] + 1
                : Math.max(common[i - 1][j], common[i][j - 1]);
      }
    }
    return 1 - 2.0 * common[a.length()][b.length()] / Math.max(1, a.length() + b.length());
  }
}
