// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.util.List;
import java.util.Locale;

/**
 * How the demo ended.
 *
 * @param committed changes that the application committed
 * @param delivered of these, how many arrived and were acknowledged
 * @param retried attempts that were refused and made again
 * @param requeued messages that were set aside and requeued with SQL
 * @param repeated arrivals that had come before
 * @param missing what was committed and did not arrive, or is still owed at the end
 * @param idle from COMMIT to receipt, one change at a time
 * @param seconds how long it took
 */
record Summary(
    int committed,
    int delivered,
    long retried,
    long requeued,
    long repeated,
    List<String> missing,
    Percentiles idle,
    double seconds) {

  private static final int EXAMPLES = 5;

  /** Whether everything is as promised. */
  boolean complete() {
    return missing.isEmpty() && committed == delivered && requeued > 0;
  }

  List<String> lines() {
    return List.of(
        line(committed, "committed", "changes, by the application"),
        line(delivered, "delivered", "received and acknowledged"),
        line(retried, "retried", "attempts that were refused and made again"),
        line(requeued, "requeued", "set aside as failed, requeued with SQL"),
        line(repeated, "repeated", "came a second time, as at-least-once allows"),
        line(missing.size(), "missing", examples()),
        String.format(
            Locale.ROOT,
            "        commit to receipt when idle: p50 %.1f ms, p99 %.1f ms (%d changes, one at a"
                + " time, from COMMIT sent to line received)",
            idle.millis(50),
            idle.millis(99),
            idle.count()),
        String.format(Locale.ROOT, "        took %.1f s", seconds));
  }

  private String examples() {
    String some = String.join(", ", missing.subList(0, Math.min(EXAMPLES, missing.size())));
    return missing.size() > EXAMPLES ? some + ", …" : some;
  }

  private static String line(long count, String what, String explanation) {
    return String.format(Locale.ROOT, "  %6d  %-10s %s", count, what, explanation).stripTrailing();
  }
}
