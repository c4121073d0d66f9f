// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import dev.outboxrelay.embedded.EmbeddedServer;
import dev.outboxrelay.relay.Relay;
import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.store.DatabaseSettings;
import dev.outboxrelay.store.Migrator;
import java.io.PrintWriter;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The whole product in one process: a PostgreSQL, a relay, a receiver, and an application that
 * writes ordinary SQL. Everything is gone when it ends.
 */
public final class Demo {
  /**
   * How long the scenes may take; then nothing is waited for any more. Of the 20 s altogether the
   * rest is for the start and the end.
   */
  private static final Duration SCENES_LIMIT = Duration.ofSeconds(15);

  private static final String DATABASE = "shop";

  private final Story story;
  private final Ledger ledger = new Ledger();
  private final Witness witness = new Witness();

  private Demo(PrintWriter out) {
    story = new Story(out);
  }

  /** Waits until the user has seen enough. */
  @FunctionalInterface
  public interface Pause {
    void await() throws InterruptedException;
  }

  /**
   * Shows everything and ends.
   *
   * @param out where the story is told
   * @return whether everything arrived
   */
  public static boolean show(PrintWriter out) throws SQLException, InterruptedException {
    return new Demo(out).run(null);
  }

  /**
   * Shows everything and stays.
   *
   * @param out where the story is told
   * @param pause how long it stays
   * @return whether everything arrived
   */
  public static boolean showAndKeep(PrintWriter out, Pause pause)
      throws SQLException, InterruptedException {
    return new Demo(out).run(pause);
  }

  private boolean run(@Nullable Pause pause) throws SQLException, InterruptedException {
    story.print("Outbox Relay, a demonstration. All that it starts ends with it.");
    story.part("PostgreSQL starts, and gets the schema outbox");
    try (EmbeddedServer server = EmbeddedServer.start(Map.of())) {
      prepare(server);
      try (Inbox inbox = new Inbox(ledger, story, Scenes.MAX_ATTEMPTS);
          Sql sql = new Sql(server.connect(DATABASE), story);
          Shop shop = new Shop(server.connect(DATABASE), ledger);
          TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
        Relay relay = new Relay(config(server), transport, witness);
        relay.start();
        try {
          Summary summary =
              play(new Scenes(story, ledger, witness, sql, shop, inbox, SCENES_LIMIT));
          story.part("Summary");
          summary.lines().forEach(story::print);
          if (pause != null) {
            invite(server);
            pause.await();
          }
          return summary.complete();
        } finally {
          relay.stop();
        }
      }
    }
  }

  private void prepare(EmbeddedServer server) throws SQLException {
    try (Connection c = server.connect("postgres");
        Statement s = c.createStatement()) {
      s.execute("create database " + DATABASE);
      story.does(
          "PostgreSQL "
              + c.getMetaData().getDatabaseProductVersion()
              + " listens on port "
              + server.port());
    }
    int applied = new Migrator(server.url(DATABASE), server.user(), "").migrate().size();
    story.does(applied + " migrations applied");
  }

  private static RelayConfig config(EmbeddedServer server) {
    DatabaseSettings database =
        new DatabaseSettings(
            server.url(DATABASE),
            server.user(),
            "",
            2,
            Duration.ofSeconds(5),
            Duration.ofSeconds(10));
    return RelayConfig.defaults(database, "demo");
  }

  private Summary play(Scenes scenes) throws SQLException, InterruptedException {
    scenes.play();
    long owed = scenes.owedAtTheEnd();
    List<String> missing = new ArrayList<>(ledger.missing());
    ledger.invented().forEach(change -> missing.add("never committed: " + change));
    if (owed > 0 && missing.isEmpty()) {
      missing.add(owed + " still in outbox.message");
    }
    return new Summary(
        ledger.committed(),
        ledger.delivered(),
        witness.retried(),
        scenes.requeued(),
        ledger.repeated(),
        missing,
        scenes.idle(),
        story.seconds());
  }

  private void invite(EmbeddedServer server) {
    story.part("Everything still runs. In another terminal:");
    story.print("");
    story.print(
        "    psql -h localhost -p " + server.port() + " -U " + server.user() + " " + DATABASE);
    story.print(
        """

        and there, for example (what arrives is printed here):

            insert into orders (customer, amount) values ('You', 42.00);

            -- Hold the destination back, change something, look, and let it go.
            select outbox.pause('DESTINATION');
            update orders set status = 'packed' where customer in ('Grace', 'Linus');
            select * from outbox.status;
            select outbox.resume('DESTINATION');

            -- Refused until it is set aside (about a second); then look, and requeue by a plain UPDATE.
            insert into orders (customer, amount) values ('Mallory', 1.00);
            select pg_sleep(2);
            select * from outbox.failed;
            update outbox.message set state = 'pending' where state = 'failed';

        Ctrl-C ends everything.\
        """
            .replace("DESTINATION", Scenes.DESTINATION));
  }
}
