// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.FaultProxy;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.ScriptedReceiver;
import dev.outboxrelay.testing.TestDatabase;
import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;

/** The database lets some of the relay's sessions in and not others. */
final class NoConnectionTest {
  private final List<String> losses = new CopyOnWriteArrayList<>();
  private final RelayEvents events =
      new RelayEvents() {
        @Override
        public void databaseLost(String reason, long retryInMillis) {
          losses.add(reason);
        }
      };

  /** Lock session and listener alone deliver nothing; another relay may be better off. */
  @Test
  void pool_emptyAndRefused_endsTheTermAndIsWaitedFor() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        ScriptedReceiver receiver = ScriptedReceiver.start()) {
      String login = "relay_" + db.name();
      db.execute(
          "create role " + login + " login in role outbox_relay",
          "insert into outbox.destination (name, uri) values ('d', '" + receiver.uri() + "')",
          "select outbox.publish('d', '{}')");
      DatabaseSettings settings =
          new DatabaseSettings(
              db.url(), login, "", 2, Duration.ofSeconds(1), Duration.ofSeconds(10));
      try (RunningRelay relay =
          RunningRelay.start(RelayConfig.defaults(settings, "test"), events)) {
        receiver.awaitLines(1, Duration.ofSeconds(30));
        db.execute(
            "alter role " + login + " connection limit 2",
            "select pg_terminate_backend(pid) from pg_stat_activity where usename = '"
                + login
                + "' and application_name = 'outbox-relay'",
            "select outbox.publish('d', '{}')");
        Await.until(
            "the term ends for want of a connection",
            () -> losses.stream().anyMatch(r -> r.startsWith("no session for statements: ")));
        db.execute("alter role " + login + " connection limit -1");
        receiver.awaitLines(2, Duration.ofSeconds(30));
      } finally {
        db.execute("drop role " + login);
      }
      assertEquals(List.of(), losses.stream().filter(r -> r.contains("not available")).toList());
    }
  }

  @Test
  void stop_whileALoginHangs_doesNotWaitForIt() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        FaultProxy proxy =
            FaultProxy.to(URI.create(db.url().substring("jdbc:".length())).getPort())) {
      String url = "jdbc:postgresql://127.0.0.1:" + proxy.port() + "/" + db.name();
      DatabaseSettings settings =
          new DatabaseSettings(
              url, db.user(), db.password(), 2, Duration.ofMinutes(2), Duration.ofSeconds(10));
      proxy.stall();
      RunningRelay relay = RunningRelay.start(RelayConfig.defaults(settings, "test"), events);
      Await.until("the login hangs", () -> proxy.accepted() > 0);
      Thread stopping = new Thread(relay::close);
      stopping.start();
      stopping.join(Duration.ofSeconds(30).toMillis());
      assertFalse(stopping.isAlive(), "the stop waits for the login");
    }
  }
}
