// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.values.Destination.FailureBudget;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * How many of the last answers were refusals, and whether the destination's failure budget allows
 * one more. One that it does not allow is not counted: so what fails is the budget and no more.
 * Once it was spent nothing is allowed until it begins anew. Decides only: knows no clock.
 */
final class Allowance {
  private final int most;

  /** Of each of the last answers: whether it was a refusal, and when. */
  private final boolean[] refused;

  private final long[] heardNanos;

  /** Where the next answer goes, in the place of the oldest. */
  private int next;

  private int refusals;
  private boolean spent;

  /**
   * @param budget null: everything is allowed
   */
  Allowance(@Nullable FailureBudget budget) {
    most = budget == null ? 0 : budget.most();
    refused = new boolean[budget == null ? 0 : budget.answers()];
    heardNanos = new long[refused.length];
  }

  void acknowledged() {
    if (refused.length > 0) {
      add(false, 0);
    }
  }

  /**
   * A message was refused.
   *
   * @return whether that is allowed
   */
  boolean allowsRefusal(long nowNanos) {
    if (refused.length == 0) {
      return true;
    }
    // The oldest answer makes room for this one.
    int before = refused[next] ? refusals - 1 : refusals;
    spent |= before >= most;
    if (!spent) {
      add(true, nowNanos);
    }
    return !spent;
  }

  private void add(boolean refusal, long nowNanos) {
    if (refused[next]) {
      refusals--;
    }
    if (refusal) {
      refusals++;
    }
    refused[next] = refusal;
    heardNanos[next] = nowNanos;
    next = (next + 1) % refused.length;
  }

  /** Sends again: if it was spent it begins anew. */
  void begin() {
    if (!spent) {
      return;
    }
    spent = false;
    refusals = 0;
    next = 0;
    Arrays.fill(refused, false);
  }

  /** So many of the last answers were refusals. */
  int refusals() {
    return refusals;
  }

  /** Of so many answers. */
  int answers() {
    return refused.length;
  }

  /** How long ago the first of these refusals was heard; null when there is none. */
  @Nullable Long oldestNanosAgo(long nowNanos) {
    for (int n = 0; n < refused.length; n++) {
      int at = (next + n) % refused.length;
      if (refused[at]) {
        return nowNanos - heardNanos[at];
      }
    }
    return null;
  }
}
