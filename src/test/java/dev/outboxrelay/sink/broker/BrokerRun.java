// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.broker;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.relay.Relay;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Secrets;
import dev.outboxrelay.sink.SecretsDir;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.all.Transports;
import dev.outboxrelay.testing.Await;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The whole way from the table through a broker: several writers publish under several keys, and
 * what the broker holds in the end is held against what was committed.
 */
public final class BrokerRun implements AutoCloseable {
  private static final Pattern MESSAGE =
      Pattern.compile("\"id\":\"([^\"]+)\".*\"key\":\"([^\"]+)\".*\"new\":(\\d+)");

  private final TestDatabase db;
  private final Transport transport;
  private Relay relay;

  public BrokerRun(String uri, String options) throws Exception {
    this(uri, options, Secrets.NONE);
  }

  /** With secrets in a directory. */
  public BrokerRun(String uri, String options, Path secrets) throws Exception {
    this(uri, options, new SecretsDir(secrets));
  }

  private BrokerRun(String uri, String options, Secrets secrets) throws Exception {
    db = TestDatabase.create();
    transport = Transports.open(1, AddressPolicy.ANY, secrets);
    relay = new Relay(RunningRelay.config(db, "test"), transport, RelayEvents.NONE);
    db.execute(
        "insert into outbox.destination (name, uri, max_attempts, retry_initial, retry_max,"
            + " ack_timeout, options) values ('broker', '"
            + uri
            + "', 1000, '2 ms', '20 ms', '2 s', '"
            + options
            + "')");
  }

  public TestDatabase database() {
    return db;
  }

  public void start() throws Exception {
    relay.start();
  }

  /** Another relay takes over, as after a crash: what was under way is sent again. */
  public void restart() throws Exception {
    relay.stop();
    relay = new Relay(RunningRelay.config(db, "next"), transport, RelayEvents.NONE);
    relay.start();
  }

  /** Publishes the numbers from {@code first} to {@code last} under each of the keys. */
  public void publish(int keys, int first, int last) throws Exception {
    db.execute(
        "select outbox.publish('broker', to_json(n), key => 'k' || k) from generate_series("
            + first
            + ", "
            + last
            + ") n, generate_series(1, "
            + keys
            + ") k order by n");
  }

  /** Publishes on a thread of its own, one small transaction after the other. */
  public Future<?> publishSlowly(int keys, int last) {
    ExecutorService writer = Executors.newSingleThreadExecutor();
    Future<?> done =
        writer.submit(
            () -> {
              for (int number = 1; number <= last; number++) {
                publish(keys, number, number);
              }
              return null;
            });
    writer.shutdown();
    return done;
  }

  public void awaitNothingOwed() throws Exception {
    Await.until("delivered", () -> db.count("select count(*) from outbox.message") == 0);
  }

  public void awaitDown() throws Exception {
    Await.until(
        "down",
        () -> db.count("select count(*) from outbox.status where down_since is not null") == 1);
  }

  public void assertNobodyCharged() throws Exception {
    assertEquals(0, db.count("select count(*) from outbox.message where attempts > 0"));
  }

  /**
   * None lost, none made up, first arrivals in the order of their key.
   *
   * @param bodies as the broker holds them, in its order
   * @return how many came more than once
   */
  public static int check(List<String> bodies, int keys, int last) {
    Map<String, List<Integer>> byKey = new TreeMap<>();
    Set<String> ids = new HashSet<>();
    int repeats = 0;
    for (String body : bodies) {
      Matcher message = MESSAGE.matcher(body);
      if (!message.find()) {
        throw new AssertionError("not a message: " + body);
      }
      if (ids.add(message.group(1))) {
        byKey
            .computeIfAbsent(message.group(2), key -> new ArrayList<>())
            .add(Integer.valueOf(message.group(3)));
      } else {
        repeats++;
      }
    }
    assertEquals(keys, byKey.size());
    List<Integer> all = new ArrayList<>();
    for (int number = 1; number <= last; number++) {
      all.add(number);
    }
    byKey.forEach((key, numbers) -> assertEquals(all, numbers, key));
    return repeats;
  }

  @Override
  public void close() throws Exception {
    relay.stop();
    transport.close();
    db.close();
  }
}
