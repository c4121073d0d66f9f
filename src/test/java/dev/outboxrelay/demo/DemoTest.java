// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DemoTest {
  private static final Percentiles NOTHING_MEASURED = new Percentiles(new long[0]);

  private static Summary summary(int committed, int delivered, long requeued, String... missing) {
    return new Summary(
        committed, delivered, 2, requeued, 0, List.of(missing), NOTHING_MEASURED, 1.0);
  }

  @Test
  void demo_shown_deliversEverythingAndTellsIt() throws Exception {
    StringWriter story = new StringWriter();
    boolean complete = Demo.show(new PrintWriter(story));
    String text = story.toString();
    assertTrue(complete, text);
    assertTrue(text.contains("refused  <- "), text);
    assertTrue(text.contains("no such customer: Mallory"), text);
    assertTrue(text.contains("all 20 arrived within"), text);
    assertTrue(text.lines().anyMatch(line -> line.matches(" +1  requeued .*")), text);
    assertTrue(text.lines().anyMatch(line -> line.matches(" +0  missing")), text);
    assertTrue(text.contains("commit to receipt when idle: p50 "), text);
    assertFalse(text.contains("Nobody"), "what was rolled back must not arrive\n" + text);
  }

  @Test
  void summary_withAnythingMissing_isNotComplete() {
    assertTrue(summary(10, 10, 1).complete());
    assertFalse(summary(10, 9, 1, "insert 7 new").complete());
    assertFalse(summary(10, 10, 1, "1 still in outbox.message").complete());
    assertFalse(summary(10, 10, 0).complete());
  }
}
