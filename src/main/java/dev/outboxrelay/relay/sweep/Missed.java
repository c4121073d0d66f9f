// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.sweep;

import dev.outboxrelay.relay.lane.Backlog;
import dev.outboxrelay.relay.lane.Lane;
import dev.outboxrelay.relay.ownership.Fleet;
import dev.outboxrelay.relay.reading.TailReader;
import dev.outboxrelay.store.MessageStore.Owed;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.ObjIntConsumer;

/**
 * What is owed and not in memory, of lanes that have read everything: no read has brought it. It is
 * told, and everything is read once more, since nobody knows what else was missed.
 */
public final class Missed {
  private final TailReader tail;
  private final Fleet fleet;

  public Missed(TailReader tail, Fleet fleet) {
    this.tail = tail;
    this.fleet = fleet;
  }

  /**
   * Looks through pending messages that the tail has passed.
   *
   * @param asked whose they are; those that are not in the tail any more are left out
   * @param ticket of the read that has shown them
   * @param tell gets each lane's name, and how many
   * @return the names of those that have missed some
   */
  Set<String> look(
      List<Owed> owed, Map<String, Backlog> asked, long ticket, ObjIntConsumer<String> tell) {
    Map<String, Integer> missed = new HashMap<>();
    for (Owed row : owed) {
      Backlog backlog = asked.get(row.destination());
      if (backlog != null && tail.contains(backlog) && !backlog.knows(row.id(), ticket)) {
        missed.merge(row.destination(), 1, Integer::sum);
      }
    }
    missed.forEach(
        (name, messages) -> {
          tell.accept(name, messages);
          Lane lane = fleet.lane(name);
          if (lane != null) {
            lane.mark(null, 0);
            lane.backlog().window().readAll();
          }
        });
    return new HashSet<>(missed.keySet());
  }
}
