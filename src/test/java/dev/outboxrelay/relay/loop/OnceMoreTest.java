// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.loop;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

final class OnceMoreTest {
  private final OnceMore turn = new OnceMore();

  @Test
  void begin_notWanted_refuses() {
    assertFalse(turn.begin());
  }

  @Test
  void begin_anotherUnderWay_waitsForItsEnd() {
    turn.want();
    assertTrue(turn.begin());
    turn.want();
    assertFalse(turn.begin());
    turn.end();
    assertTrue(turn.begin());
  }

  @Test
  void end_askedOftenMeanwhile_goesOnceMoreOnly() {
    turn.want();
    turn.begin();
    turn.want();
    turn.want();
    turn.end();
    assertTrue(turn.begin());
    turn.end();
    assertFalse(turn.isWanted());
    assertFalse(turn.begin());
  }
}
