// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.testing;

import dev.outboxrelay.relay.Relay;
import dev.outboxrelay.relay.RelayConfig;
import dev.outboxrelay.relay.events.FanOut;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.store.DatabaseSettings;
import java.time.Duration;
import java.util.List;

/**
 * A relay inside the test's process, on a test database; stopped on close. The test fails when a
 * sweep has found what nobody told the relay of.
 */
public final class RunningRelay implements AutoCloseable {
  private final NothingMissed nothingMissed;
  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final Relay relay;

  private RunningRelay(RelayConfig config, RelayEvents events, NothingMissed nothingMissed) {
    this.nothingMissed = nothingMissed;
    relay = new Relay(config, transport, new FanOut(List.of(nothingMissed, events)));
    relay.start();
  }

  public static RelayConfig config(TestDatabase db, String name) {
    return config(db, name, Duration.ofSeconds(10));
  }

  /** With another heartbeat bound. */
  public static RelayConfig config(TestDatabase db, String name, Duration heartbeatBound) {
    return RelayConfig.defaults(
        new DatabaseSettings(
            db.url(), db.user(), db.password(), 3, Duration.ofSeconds(5), heartbeatBound),
        name);
  }

  public static RunningRelay start(TestDatabase db) {
    return start(config(db, "test"), RelayEvents.NONE);
  }

  public static RunningRelay start(RelayConfig config, RelayEvents events) {
    return new RunningRelay(config, events, new NothingMissed(false, false));
  }

  /** For tests in which a writer is told not to ring: what he writes a sweep may find. */
  public static RunningRelay startAmongSilentWriters(RelayConfig config, RelayEvents events) {
    return new RunningRelay(config, events, new NothingMissed(true, false));
  }

  /** For tests in which rows with old transaction ids are put in, which nothing tells of. */
  public static RunningRelay startAmongRestoredRows(RelayConfig config, RelayEvents events) {
    return new RunningRelay(config, events, new NothingMissed(true, true));
  }

  @Override
  public void close() {
    relay.stop();
    transport.close();
    nothingMissed.check();
  }
}
