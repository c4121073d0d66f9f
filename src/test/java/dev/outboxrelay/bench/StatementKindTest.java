// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;

final class StatementKindTest {
  @Test
  void of_aTextOfEachKind_isThatKind() {
    assertEquals(StatementKind.HEARTBEAT, StatementKind.of("notify outbox_self_test_4711"));
    assertEquals(
        StatementKind.SWEEP,
        StatementKind.of(
            "select count(*) || $1 || coalesce(sum(hashtextextended(d::text, $2)), $3)"
                + " from outbox.destination d"));
    assertEquals(StatementKind.CONNECTION, StatementKind.of("set timezone = 'UTC'"));
  }

  @Test
  void of_whatIsNotKnown_isAnythingElse() {
    assertEquals(StatementKind.OTHER, StatementKind.of("select 1"));
    assertEquals(StatementKind.OTHER, StatementKind.of("update outbox.message set state = $1"));
  }
}
