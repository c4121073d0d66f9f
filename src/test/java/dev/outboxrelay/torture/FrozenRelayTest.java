// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.RelayProcess;
import dev.outboxrelay.testing.ScriptedReceiver;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A relay that is there and does nothing more can say nothing: the database shows it. */
@Timeout(240)
final class FrozenRelayTest {

  @Test
  void relay_frozen_isShownByTheDatabaseAlone() throws Exception {
    try (Stage stage = Stage.open();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      stage.destination("d", receiver.uri());
      RelayProcess relay = stage.relay("only", "--heartbeat-bound", "2s");
      stage.publish("d", 1, 1, "'k'");
      stage.awaitNothingOwed("d", Stage.SOON);
      relay.freeze();
      stage.publish("d", 2, 2, "'k'");
      stage.await("select count(*) from outbox.status where owner is null", "1", Stage.SOON);
      // As if all that had been a while ago.
      stage.database.execute(
          "update outbox.pending set created_at = created_at - interval '1 minute'",
          "update outbox.destination_state set owned_since = owned_since - interval '1 hour',"
              + " progress_at = progress_at - interval '1 hour'");
      assertEquals(
          List.of("t"), stage.database.query("select stalled_since < now() from outbox.status"));
      assertEquals(
          List.of("no relay"),
          stage.database.query(
              "select check_name from outbox.doctor where check_name in ('stalled', 'no relay')"));
      relay.proceed();
      stage.awaitNothingOwed("d", Stage.SOON);
      stage.await(
          "select count(*) from outbox.status where stalled_since is null", "1", Stage.SOON);
    }
  }
}
