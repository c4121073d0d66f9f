// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.store.MessageStore;
import java.util.Collection;
import java.util.List;

/**
 * Asks when messages are due, for any number of lanes in one statement: of many destinations nearly
 * all have nothing with a due time.
 */
public final class DueTimes {
  private final DatabaseWork databaseWork;
  private final MessageStore store;
  private final Fleet fleet;

  public DueTimes(DatabaseWork databaseWork, MessageStore store, Fleet fleet) {
    this.databaseWork = databaseWork;
    this.store = store;
    this.fleet = fleet;
  }

  void look(Collection<Lane> lanes) {
    List<String> names = lanes.stream().map(Lane::name).toList();
    if (names.isEmpty()) {
      return;
    }
    databaseWork.submit(
        "due times",
        () -> store.nextDueMillis(names),
        next ->
            next.forEach(
                (name, millis) -> {
                  Lane lane = fleet.lane(name);
                  if (lane != null && lane.backlog().window().isOn()) {
                    lane.backlog().dueIn(millis);
                  }
                }));
  }
}
