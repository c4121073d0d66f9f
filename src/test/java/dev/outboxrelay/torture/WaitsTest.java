// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What the harness takes for what could be sent. */
final class WaitsTest {

  @Test
  void messages_thatCouldBeSent_areTheFirstOfTheirKeyAndDueAndNotPaused() throws Exception {
    try (TestDatabase database = TestDatabase.create();
        Connection connection = database.connect()) {
      database.execute(
          "insert into outbox.destination (name, uri) values ('d', 'tcp://h:1')",
          "insert into outbox.destination (name, uri) values ('e', 'tcp://h:2')",
          publish("d", "'one'", "null"),
          publish("d", "'one'", "null"),
          publish("d", "'later'", "now() + interval '1 hour'"),
          publish("d", "null", "null"),
          publish("d", "null", "null"),
          publish("e", "'one'", "null"));
      assertEquals(Set.of("d 1", "d 4", "d 5", "e 6"), look(connection));
      database.execute("select outbox.pause('e')");
      assertEquals(Set.of("d 1", "d 4", "d 5"), look(connection));
      database.execute("update outbox.message set state = 'failed' where id = 1");
      assertEquals(Set.of("d 4", "d 5"), look(connection));
      database.execute("select outbox.discard(1)");
      assertEquals(Set.of("d 2", "d 4", "d 5"), look(connection));
    }
  }

  private static String publish(String destination, String key, String deliverAt) {
    return "select outbox.publish('%s', '{}', %s, deliver_at => %s)"
        .formatted(destination, key, deliverAt);
  }

  private static Set<String> look(Connection connection) throws SQLException {
    return Waits.look(connection).stream()
        .map(name -> name.split(" ")[0] + " " + name.split(" ")[1])
        .collect(Collectors.toSet());
  }
}
