// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay;

import dev.outboxrelay.relay.events.FanOut;
import dev.outboxrelay.relay.events.RelayEvents;
import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.testing.NothingMissed;
import dev.outboxrelay.testing.RunningRelay;
import dev.outboxrelay.testing.TestDatabase;
import java.time.Duration;
import java.util.List;

/** A relay on a test database whose calls to the database stop where the test says. */
public final class StagedRelay implements AutoCloseable {
  public final StoppingStore store = new StoppingStore();

  private final NothingMissed nothingMissed = new NothingMissed(false, false);
  private final TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY);
  private final Relay relay;

  private StagedRelay(RelayConfig config, RelayEvents events) {
    relay = new Relay(config, transport, new FanOut(List.of(nothingMissed, events)), store::wrap);
    relay.start();
  }

  /** Sweeps in this rhythm. */
  public static StagedRelay start(TestDatabase db, Duration sweep, RelayEvents events) {
    RelayConfig c = RunningRelay.config(db, "test");
    return new StagedRelay(
        new RelayConfig(
            c.database(),
            c.name(),
            sweep,
            c.poll(),
            c.pageSize(),
            c.memoryBytes(),
            c.maxMessageBytes(),
            c.stopTimeout()),
        events);
  }

  @Override
  public void close() {
    store.clear();
    relay.stop();
    transport.close();
    nothingMissed.check();
  }
}
