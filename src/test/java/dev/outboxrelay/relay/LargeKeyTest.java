// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Lines;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A key larger than any index entry. */
final class LargeKeyTest {
  @Test
  void largeKey_refused_isTriedAgainAndKeepsItsOrder() throws Exception {
    Lines lines = new Lines();
    try (TestDatabase db = TestDatabase.create();
        Receiver receiver = Receiver.start(ReceiverOptions.DEFAULTS, lines)) {
      db.execute(
          "insert into outbox.destination (name, uri, retry_initial, retry_max) values ('out', 'tcp://127.0.0.1:"
              + receiver.port()
              + "', '20 ms', '50 ms')",
          // Nothing that could be compressed.
          "select outbox.publish('out', json_build_object('n', n), k) from generate_series(1, 3) n,"
              + " (select string_agg(md5(g::text), '') as k from generate_series(1, 400) g) keys");
      receiver.refuse(Refusal.all("not yet"));
      try (RunningRelay relay = RunningRelay.start(db)) {
        Await.until(
            "held",
            () ->
                db.query("select string_agg(state, ' ' order by id) from outbox.message")
                    .get(0)
                    .equals("retry held held"));
        receiver.refuse(null);
        Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
      }
      assertEquals(12_800, lines.all().get(0).path("key").asText().length());
      List<String> numbers = lines.values("n");
      assertEquals(List.of("1", "2", "3"), numbers.subList(numbers.size() - 3, numbers.size()));
    }
  }
}
