// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.examples;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.Ports;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** From an INSERT to the output of each example server, through the relay. */
class WholeWayTest {

  private static final int ROWS = 30;

  private final ObjectMapper json = new ObjectMapper();

  @ParameterizedTest
  @EnumSource
  void rows_insertedIntoACapturedTable_comeOutOfTheServer(ExampleServer server) throws Exception {
    assumeTrue(server.isInstalled(), server + " is not installed here");
    int acknowledging = Ports.free();
    int closing = Ports.free();
    int silent = Ports.free();
    try (TestDatabase db = TestDatabase.create();
        ExampleServer.Running one = server.start("ack", acknowledging);
        ExampleServer.Running two = server.start("plain", closing);
        ExampleServer.Running three = server.start("plain", silent)) {
      db.execute(
          "create table orders (id int primary key, total numeric)",
          "insert into outbox.destination (name, uri, format, ack) values"
              + " ('line', 'tcp://127.0.0.1:%d', 'change', 'line'),".formatted(acknowledging)
              + " ('close', 'tcp://127.0.0.1:%d', 'td', 'close'),".formatted(closing)
              + " ('none', 'tcp://127.0.0.1:%d', 'payload', 'none')".formatted(silent),
          "select outbox.capture('orders', name) from outbox.destination");
      try (RunningRelay relay = RunningRelay.start(db)) {
        db.execute("insert into orders select i, i from generate_series(1, " + ROWS + ") i");
        Await.until("nothing owed", () -> db.count("select count(*) from outbox.message") == 0);
        assertEquals(expected(), ids(one, line -> line.at("/new/id")));
        assertEquals(expected(), ids(two, line -> line.at("/new/id")));
        assertEquals(expected(), ids(three, line -> line.at("/id")));
      }
    }
  }

  private static Set<Integer> expected() {
    Set<Integer> ids = new TreeSet<>();
    for (int id = 1; id <= ROWS; id++) {
      ids.add(id);
    }
    return ids;
  }

  private Set<Integer> ids(ExampleServer.Running server, Function<JsonNode, JsonNode> id)
      throws Exception {
    List<Integer> ids = new ArrayList<>();
    for (int each = 0; each < ROWS; each++) {
      ids.add(id.apply(json.readTree(server.line())).asInt());
    }
    return new TreeSet<>(ids);
  }
}
