// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.loop.Scheduler;
import dev.outboxrelay.relay.ordering.KeyGates;
import dev.outboxrelay.relay.ordering.KeyGates.Origin;
import dev.outboxrelay.store.Batch;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.values.Gate;
import dev.outboxrelay.values.Message;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Reads held messages back when what they waited for is settled: a few gates at a time, and only
 * while there is memory, since thousands of gates may open at once.
 */
public final class HeldReader {
  private static final int READS = 2;

  /** Of one gate only one message is in flight anyway. */
  private static final int ROWS = 100;

  private static final long READ_BYTES = PageReader.READ_BYTES / 4;

  /** Rows were shown that are known: their completion is on its way. */
  private static final long AGAIN_MILLIS = 5;

  private final Intake intake;
  private final KeyGates gates;
  private final Scheduler loop;
  private final MessageStore store;
  private final Set<Gate> wanted = new LinkedHashSet<>();
  private int reading;
  private boolean stopped;

  public HeldReader(Intake intake, KeyGates gates, Scheduler loop, MessageStore store) {
    this.intake = intake;
    this.gates = gates;
    this.loop = loop;
    this.store = store;
  }

  /** The gate may have held messages that are free now. */
  public void want(Gate gate) {
    if (gates.isParked(gate)) {
      wanted.add(gate);
    }
  }

  public void pump() {
    while (!wanted.isEmpty() && !stopped && reading < READS && intake.hasMemory()) {
      Gate gate = wanted.iterator().next();
      wanted.remove(gate);
      if (gates.beginHeldRead(gate)) {
        read(gate);
      }
    }
  }

  private void read(Gate gate) {
    reading++;
    intake.readSome(
        "held messages of ",
        Math.min(ROWS, intake.pageSize()),
        READ_BYTES,
        limits -> store.held(intake.name(), gate, limits, intake.encoding()),
        (batch, ticket) -> {
          reading--;
          came(gate, batch, ticket);
        });
  }

  private void came(Gate gate, Batch batch, long ticket) {
    if (stopped) {
      return;
    }
    List<Message> free = gates.free(gate, batch.messages());
    gates.endHeldRead(gate, !batch.messages().isEmpty());
    if (intake.admit(free, Origin.HELD, ticket) == 0) {
      if (batch.messages().isEmpty()) {
        want(gate);
      } else {
        loop.schedule(
            AGAIN_MILLIS,
            () -> {
              want(gate);
              pump();
            });
      }
    }
    intake.pump();
  }

  public void stop() {
    stopped = true;
    wanted.clear();
  }
}
