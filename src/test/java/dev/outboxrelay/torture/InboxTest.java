// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.ScriptedReceiver.Line;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The harness's own judge of what one receiver got. */
final class InboxTest {
  private static final Excuses NONE = new Excuses(Map.of(), List.of());

  private final Inbox inbox = new Inbox(new Legacy.Target("d", List.of("orders"), 10, false));

  /** The row is there again after the crash, with the mark that it had. */
  @Test
  void deletion_thatCameAsTwoMessages_isWrongUnlessTheFirstWasUndone() {
    arrive("1-a", "\"new\":{\"mark\":5}");
    arrive("2-a", "\"old\":{\"mark\":5}");
    arrive("3-a", "\"old\":{\"mark\":5}");
    assertEquals(1, inbox.judge(NONE).altered());
    Excuses undone = new Excuses(Map.of("orders", Set.of(Legacy.deleted(5))), List.of());
    assertEquals(0, inbox.judge(undone).altered());
    assertEquals(0, inbox.judge(undone).outOfOrder());
  }

  private void arrive(String id, String rows) {
    String text =
        "{\"id\":\"%s\",\"epoch\":1,\"op\":\"any\",\"table\":\"orders\",\"key\":\"k\",%s}"
            .formatted(id, rows);
    Line line = new Line(1, 1, System.nanoTime(), text);
    inbox.arrived(line);
    inbox.answered(line, true);
  }
}
