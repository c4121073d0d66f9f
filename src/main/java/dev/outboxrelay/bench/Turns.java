// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/**
 * Those who are compared take turns in each run, and the order is reversed from one run to the
 * next: what the first leaves behind (a warm cache, a checkpoint, dead rows) would otherwise always
 * meet the same one.
 */
final class Turns {
  /** One measurement. */
  interface Turn {
    void take() throws Exception;
  }

  private Turns() {}

  /** Everyone once, in this order in runs 1, 3, 5 and in the opposite order in the others. */
  static void take(int run, List<? extends Turn> turns) throws Exception {
    List<Turn> order = new ArrayList<>(turns);
    if (run % 2 == 0) {
      Collections.reverse(order);
    }
    for (Turn turn : order) {
      turn.take();
    }
  }

  /** As {@link #take(int, List)}. */
  static void take(int run, Turn... turns) throws Exception {
    take(run, List.of(turns));
  }
}
