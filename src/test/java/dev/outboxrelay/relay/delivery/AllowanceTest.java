// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.values.Destination.FailureBudget;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The failure budget of a destination. */
final class AllowanceTest {
  @Test
  void noBudget_everythingRefused_isAllowed() {
    Allowance allowance = new Allowance(null);
    for (int n = 0; n < 10_000; n++) {
      assertTrue(allowance.allowsRefusal(n));
    }
    assertNull(allowance.oldestNanosAgo(10_000));
  }

  @Test
  void budget_everythingRefused_isSpentAtItsShareExactly() {
    Allowance allowance = new Allowance(new FailureBudget(0.29, 100));
    int allowed = 0;
    for (int n = 0; n < 1000; n++) {
      allowed += allowance.allowsRefusal(n) ? 1 : 0;
    }
    assertEquals(29, allowed);
    assertEquals(29, allowance.refusals());
    assertEquals(100, allowance.answers());
    assertEquals(1000, allowance.oldestNanosAgo(1000));
  }

  @Test
  void budgetOfNothing_firstRefusal_isNotAllowed() {
    Allowance allowance = new Allowance(new FailureBudget(0, 20));
    allowance.acknowledged();
    assertFalse(allowance.allowsRefusal(1));
    assertNull(allowance.oldestNanosAgo(1));
  }

  @Test
  void spent_acknowledgementsThatComeLate_allowNothingUntilItBeginsAnew() {
    Allowance allowance = new Allowance(new FailureBudget(0.5, 20));
    for (int n = 0; n < 10; n++) {
      assertTrue(allowance.allowsRefusal(n));
    }
    assertFalse(allowance.allowsRefusal(10));
    for (int n = 0; n < 40; n++) {
      allowance.acknowledged();
    }
    assertFalse(allowance.allowsRefusal(11));
    allowance.begin();
    for (int n = 0; n < 10; n++) {
      assertTrue(allowance.allowsRefusal(20 + n));
    }
    assertFalse(allowance.allowsRefusal(30));
  }

  @Test
  void notSpent_begunAnew_keepsWhatItHasCounted() {
    Allowance allowance = new Allowance(new FailureBudget(0.5, 20));
    for (int n = 0; n < 10; n++) {
      assertTrue(allowance.allowsRefusal(n));
      allowance.begin();
    }
    assertFalse(allowance.allowsRefusal(10));
  }

  @Test
  void answers_atRandom_areCountedAsTheLastOnesSay() {
    Random random = new Random(7);
    for (int run = 0; run < 200; run++) {
      FailureBudget budget = new FailureBudget(random.nextInt(20) / 20.0, 20 + random.nextInt(30));
      Allowance allowance = new Allowance(budget);
      Deque<Boolean> last = new ArrayDeque<>();
      for (int n = 0; n < 500; n++) {
        boolean refused = random.nextInt(100) < run / 2;
        if (last.size() == budget.answers()) {
          last.remove();
        }
        long refusals = last.stream().filter(r -> r).count();
        if (!refused) {
          allowance.acknowledged();
        } else if (refusals >= budget.most()) {
          assertFalse(allowance.allowsRefusal(n));
          break;
        } else {
          assertTrue(allowance.allowsRefusal(n));
        }
        last.add(refused);
        assertEquals(last.stream().filter(r -> r).count(), allowance.refusals());
      }
    }
  }
}
