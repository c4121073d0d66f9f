// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.values.Gate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** A session of the application: transaction after transaction, of several changes each. */
final class Writer {
  private static final long EXPIRING_MICROS = 300_000;

  /**
   * How it writes.
   *
   * @param rollingBack of how many transactions one is rolled back
   * @param long_ how many take long
   * @param silent how many do not ring, and may be prepared
   * @param truncating how many truncate
   * @param puttingOff how many messages are published for later
   */
  record Habits(
      double rollingBack,
      double long_,
      double silent,
      double truncating,
      double puttingOff,
      int keys,
      int mostChanges,
      int bytes) {}

  private final World world;
  private final RowLocks rowLocks;
  private final String name;
  private final Chance chance;
  private final Habits habits;
  private final Map<String, List<String>> captured;
  private int left;

  /**
   * @param captured the destinations that a table's changes go to
   */
  Writer(
      World world,
      RowLocks rowLocks,
      String name,
      Habits habits,
      Map<String, List<String>> captured,
      int transactions) {
    this.world = world;
    this.rowLocks = rowLocks;
    this.name = name;
    this.habits = habits;
    this.captured = captured;
    chance = world.chance().split();
    left = transactions;
  }

  boolean isDone() {
    return left == 0;
  }

  void start(long within) {
    world.timeline().in(chance.nanosBetween(0, within), this::begin);
  }

  private record Work(
      Transaction transaction,
      String table,
      List<String> keys,
      boolean truncate,
      boolean silent,
      Set<String> touched) {}

  private void begin() {
    if (world.server().isDown()) {
      world.timeline().in(50 * Timeline.MILLI, this::begin);
      return;
    }
    String table = chance.of(List.copyOf(captured.keySet()));
    List<String> keys = new ArrayList<>();
    int changes = chance.between(1, habits.mostChanges());
    for (int n = 0; n < changes; n++) {
      keys.add(chance.is(0.1) ? "" : "k" + chance.between(1, habits.keys()));
    }
    Work work =
        new Work(
            world.server().begin(),
            table,
            keys,
            chance.is(habits.truncating()),
            chance.is(habits.silent()),
            new TreeSet<>());
    lock(work, 200);
  }

  private void lock(Work work, int tries) {
    Transaction transaction = work.transaction();
    if (transaction.isEnded() || tries == 0) {
      rowLocks.release(transaction);
      transaction.rollBack();
      done();
      return;
    }
    boolean got =
        work.truncate()
            ? rowLocks.tryTable(work.table(), transaction)
            : rowLocks.tryRows(work.table(), new TreeSet<>(work.keys()), transaction);
    if (got) {
      write(work, 0);
    } else {
      world.timeline().in(chance.nanosBetween(1, 20) * Timeline.MILLI, () -> lock(work, tries - 1));
    }
  }

  private void write(Work work, int at) {
    Transaction transaction = work.transaction();
    if (transaction.isEnded()) {
      rowLocks.release(transaction);
      done();
      return;
    }
    if (at == work.keys().size() || work.truncate() && at == 1) {
      long pause =
          chance.is(habits.long_())
              ? chance.nanosBetween(Timeline.MILLI * 20, Timeline.MILLI * 1500)
              : chance.nanosBetween(Timeline.MICRO, Timeline.MILLI * 3);
      if (work.silent() && chance.is(0.5)) {
        transaction.prepare();
      }
      world.timeline().in(pause, () -> end(work));
      return;
    }
    String key = work.keys().get(at);
    Gate gate =
        key.isEmpty() || work.truncate()
            ? null
            : new Gate(Integer.parseInt(work.table().substring(1)), key);
    for (String destination : captured.getOrDefault(work.table(), List.of())) {
      boolean putOff = gate != null && !work.truncate() && chance.is(habits.puttingOff());
      long due = putOff ? world.server().nowMicros() + chance.between(0, 1_500) * 1000L : 0;
      Row row =
          transaction.insert(
              destination,
              work.table(),
              gate,
              work.truncate(),
              due,
              habits.bytes() * chance.between(1, 50) / 50 + 2);
      if (!work.truncate() && world.expires(row.id)) {
        row.expiresMicros = row.createdMicros + EXPIRING_MICROS;
      }
      world.checker().written(row, destination, putOff);
      transaction.whenCommitted(() -> world.checker().committed(row));
      if (world.trace().isKept()) {
        world
            .trace()
            .add(
                name,
                "writes "
                    + row.id
                    + (work.truncate() ? ", a truncate" : ", key " + key)
                    + " for "
                    + destination
                    + ", transaction "
                    + transaction.xid());
      }
      work.touched().add(destination);
    }
    world
        .timeline()
        .in(
            chance.nanosBetween(0, Timeline.MILLI),
            () -> {
              if (!work.silent() && !transaction.isEnded()) {
                work.touched().forEach(transaction::ring);
              }
              world
                  .timeline()
                  .in(chance.nanosBetween(0, Timeline.MILLI), () -> write(work, at + 1));
            });
  }

  private void end(Work work) {
    Transaction transaction = work.transaction();
    if (!transaction.isEnded() && !world.server().isDown()) {
      boolean rollBack = chance.is(habits.rollingBack());
      if (world.trace().isKept()) {
        world.trace().add(name, (rollBack ? "rolls back " : "commits ") + transaction.xid());
      }
      if (rollBack) {
        transaction.rollBack();
      } else {
        transaction.commit();
      }
    } else if (transaction.isPrepared()) {
      world.timeline().in(100 * Timeline.MILLI, () -> end(work));
      return;
    }
    rowLocks.release(transaction);
    done();
  }

  private void done() {
    left--;
    if (left > 0) {
      world.timeline().in(chance.nanosBetween(0, 60 * Timeline.MILLI), this::begin);
    }
  }
}
