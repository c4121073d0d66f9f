// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.relay.ordering.QueuedMessage;
import dev.outboxrelay.values.Message;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

final class SuspectsTest {
  private final Suspects suspects = new Suspects();
  private final QueuedMessage first = message(1);
  private final QueuedMessage second = message(2);

  private static QueuedMessage message(long id) {
    return new QueuedMessage(
        new Message(id, 0, 1, "out", null, false, false, false, 0, new byte[0], 0, false, null));
  }

  @Test
  void death_severalInFlight_isChargedToNobody() {
    List<QueuedMessage> both = List.of(first, second);
    assertEquals(new Verdict.Nobody(both), suspects.died(both, false));
  }

  @Test
  void death_oneAlone_isChargedToIt() {
    assertEquals(new Verdict.Guilty(first), suspects.died(List.of(first), false));
    assertEquals(new Verdict.Guilty(first), suspects.died(List.of(first), false));
  }

  @Test
  void death_anotherDiedAloneBefore_isChargedToTheReceiver() {
    suspects.died(List.of(first), false);
    assertEquals(new Verdict.Receiver(second), suspects.died(List.of(second), false));
  }

  @Test
  void death_anotherDiedAloneBeforeAnAnswer_isChargedToTheMessage() {
    suspects.died(List.of(first), false);
    suspects.answered();
    assertEquals(new Verdict.Guilty(second), suspects.died(List.of(second), false));
  }

  @Test
  void death_theOtherOneIsOffTheTable_isChargedToTheMessage() {
    suspects.died(List.of(first), false);
    suspects.retain(List.of(1L), Set.of());
    assertEquals(new Verdict.Guilty(second), suspects.died(List.of(second), false));
  }

  @Test
  void death_nothingWasWrittenBefore_isChargedToTheReceiver() {
    suspects.diedUnwritten();
    assertEquals(new Verdict.Receiver(first), suspects.died(List.of(first), false));
  }

  @Test
  void receiver_differentMessagesDieInARow_isMute() {
    for (int n = 0; n < 4; n++) {
      suspects.died(List.of(n % 2 == 0 ? first : second), false);
    }
    assertFalse(suspects.isMute());
    suspects.died(List.of(first), false);
    assertTrue(suspects.isMute());
  }
}
