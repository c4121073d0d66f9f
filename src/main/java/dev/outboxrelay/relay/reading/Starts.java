// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.relay.reading;

import dev.outboxrelay.relay.loop.DatabaseWork;
import dev.outboxrelay.relay.loop.Troubles;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.store.MessageStore;
import dev.outboxrelay.store.MessageStore.Arrived;
import dev.outboxrelay.store.MessageStore.Owed;
import dev.outboxrelay.store.Snapshots;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Tells lanes from where to read everything that is owed, without walking over what was delivered:
 * from the mark on, and before that what has arrived since with smaller ids. One look serves all
 * who ask while the one before is under way, since a thousand lanes start together.
 */
public final class Starts {
  /** If more than this has arrived below the marks, it is read page by page. */
  private static final int LIMIT = 10_000;

  private static final String WHAT = "look at what has arrived";

  private final MessageStore store;
  private final DatabaseWork databaseWork;
  private final Troubles troubles;
  private final List<Asking> waiting = new ArrayList<>();
  private boolean looking;

  public Starts(MessageStore store, DatabaseWork databaseWork, Troubles troubles) {
    this.store = store;
    this.databaseWork = databaseWork;
    this.troubles = troubles;
  }

  /**
   * Where to begin. INVARIANT: of what is visible in the snapshot, each pending message without a
   * due time has an id of {@code firstId} or more, or is among the earlier ones.
   *
   * @param earlier ids below {@code firstId}
   */
  public record Start(String snapshot, long firstId, TreeSet<Long> earlier) {
    public Mark mark() {
      return Mark.of(snapshot, firstId, List.copyOf(earlier));
    }
  }

  private record Asking(Map<String, Mark> marks, Consumer<Map<String, Start>> then) {}

  /** Tells where each begins, by a snapshot that is taken from now on. */
  public void ask(Map<String, Mark> marks, Consumer<Map<String, Start>> then) {
    waiting.add(new Asking(marks, then));
    look();
  }

  private void look() {
    if (looking || waiting.isEmpty()) {
      return;
    }
    looking = true;
    List<Asking> asked = List.copyOf(waiting);
    waiting.clear();
    Map<String, Long> below = new HashMap<>();
    List<String> snapshots = new ArrayList<>();
    for (Asking asking : asked) {
      asking
          .marks()
          .forEach(
              (name, mark) -> {
                below.merge(name, mark.firstId(), Math::max);
                snapshots.add(mark.snapshot());
              });
    }
    String since = Snapshots.oldest(snapshots);
    databaseWork.submit(
        WHAT,
        troubles.watched(below.keySet(), WHAT, () -> look(below, since)),
        look -> {
          looking = false;
          asked.forEach(asking -> asking.then().accept(look.starts(asking.marks())));
          look();
        });
  }

  private Look look(Map<String, Long> below, String since) throws SQLException {
    Arrived arrived = store.arrived(below, since, LIMIT);
    if (arrived.more()) {
      return new Look(
          arrived.snapshot(), Map.of(), store.firstIds(below.keySet(), since, arrived.snapshot()));
    }
    Map<String, List<Long>> ids = new HashMap<>();
    for (Owed message : arrived.messages()) {
      ids.computeIfAbsent(message.destination(), d -> new ArrayList<>()).add(message.id());
    }
    return new Look(arrived.snapshot(), ids, Map.of());
  }

  /**
   * What has arrived since.
   *
   * @param ids below the marks; none, if there are too many
   * @param first the smallest of each destination, if there are too many
   */
  private record Look(String snapshot, Map<String, List<Long>> ids, Map<String, Long> first) {
    Map<String, Start> starts(Map<String, Mark> marks) {
      Map<String, Start> starts = new HashMap<>();
      marks.forEach((name, mark) -> starts.put(name, start(name, mark)));
      return starts;
    }

    private Start start(String name, Mark mark) {
      long firstId = Math.min(mark.firstId(), first.getOrDefault(name, Long.MAX_VALUE));
      TreeSet<Long> earlier = new TreeSet<>(mark.earlier());
      earlier.addAll(ids.getOrDefault(name, List.of()));
      return new Start(snapshot, firstId, new TreeSet<>(earlier.headSet(firstId)));
    }
  }
}
