// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class TurnsTest {
  @Test
  void take_runByRun_reversesTheOrder() throws Exception {
    StringBuilder order = new StringBuilder();
    for (int run = 1; run <= 3; run++) {
      Turns.take(run, () -> order.append('a'), () -> order.append('b'), () -> order.append('c'));
      order.append(' ');
    }
    assertEquals("abc cba abc ", order.toString());
  }
}
