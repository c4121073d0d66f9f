// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.delivery;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.OnceMore;
import dev.outboxrelay.store.DestinationStore;
import org.jspecify.annotations.Nullable;

/**
 * Tells the table how a destination does: one statement at a time, and only the newest state, so
 * that a destination that is down for long costs no more than the probes do.
 */
final class Reports {
  private record Report(boolean down, @Nullable String error) {}

  private final String destination;
  private final DatabaseWork databaseWork;
  private final DestinationStore destinations;
  private @Nullable Report waiting;
  private @Nullable Report written;
  private final OnceMore writes = new OnceMore();

  Reports(String destination, DatabaseWork databaseWork, DestinationStore destinations) {
    this.destination = destination;
    this.databaseWork = databaseWork;
    this.destinations = destinations;
  }

  /**
   * Reports.
   *
   * @param error null to keep the last one
   */
  void add(boolean down, @Nullable String error) {
    Report report = new Report(down, error);
    if (report.equals(written) && !writes.isUnderWay() && down) {
      return;
    }
    waiting = report;
    writes.want();
    write();
  }

  private void write() {
    Report report = waiting;
    if (report == null || !writes.begin()) {
      return;
    }
    waiting = null;
    databaseWork.update(
        "report of " + destination,
        () -> destinations.report(destination, report.down(), report.error()),
        () -> {
          writes.end();
          written = report;
          write();
        });
  }
}
