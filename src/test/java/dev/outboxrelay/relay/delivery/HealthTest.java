// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

final class HealthTest {
  @Test
  void unreachable_reached_isWell() {
    assertEquals(Health.WELL, Health.WELL.unreachable().reached());
    assertEquals(Health.WELL, Health.UNTOLD.unreachable().reached());
  }

  @Test
  void silent_reachedAgain_staysDownUntilItAnswers() {
    Health reached = Health.WELL.silent().unreachable().reached();
    assertTrue(reached.isDown());
    assertFalse(reached.isUnreachable());
    assertEquals(Health.WELL, reached.answered());
  }

  @ParameterizedTest
  @EnumSource
  void anyHealth_noConnection_isUnreachable(Health health) {
    assertTrue(health.unreachable().isUnreachable());
    assertTrue(health.unreachable().isDown());
  }

  @ParameterizedTest
  @EnumSource
  void anyHealth_silent_isDownAndNoMoreReachableThanBefore(Health health) {
    assertTrue(health.silent().isDown());
    assertEquals(health.isUnreachable(), health.silent().isUnreachable());
  }
}
