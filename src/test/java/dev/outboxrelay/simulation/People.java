// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** What people do by SQL: to messages and to settings. */
final class People {
  private final World world;
  private final Chance chance;

  People(World world) {
    this.world = world;
    chance = world.chance().split();
  }

  /** One deed or another. */
  void act() {
    if (world.server().isDown()) {
      return;
    }
    switch (chance.between(0, 9)) {
      case 0, 1, 2 -> requeue();
      case 3 -> discard();
      case 4 -> setAside();
      case 5 -> putOff();
      case 6 -> pause();
      case 7 -> changeSettings();
      case 8 -> holdRows();
      default -> wake();
    }
  }

  private @Nullable Row any(State... states) {
    List<Row> rows = new ArrayList<>();
    for (Row row : world.server().rows()) {
      Version version = row.committed;
      if (version != null && !row.isLocked() && List.of(states).contains(version.state())) {
        rows.add(row);
      }
    }
    return rows.isEmpty() ? null : chance.of(rows);
  }

  private static Version version(Row row) {
    Version version = row.committed;
    if (version == null) {
      throw new IllegalStateException("row " + row.id + " is not there");
    }
    return version;
  }

  private void commit(Transaction transaction) {
    world
        .timeline()
        .in(
            chance.nanosBetween(0, Timeline.MILLI * (chance.is(0.1) ? 300 : 2)),
            transaction::commit);
  }

  private void trace(String what) {
    world.trace().add("person", what);
  }

  private void requeue() {
    Row row = any(State.FAILED, State.RETRY, State.DELIVERED);
    if (row != null) {
      requeue(row);
    }
  }

  /** As outbox.requeue does. */
  void requeue(Row row) {
    Version before = version(row);
    Transaction transaction = world.server().begin();
    if (!transaction.lock(row)) {
      transaction.rollBack();
      return;
    }
    trace("requeues " + row.id + ", which is " + before.state());
    transaction.change(row, before.owedAgain(transaction.xid()));
    transaction.tell(before.destination());
    transaction.ring(before.destination());
    // Of any other its answer may be on its way to the table, which serves as well.
    boolean anew = before.state() == State.DELIVERED;
    transaction.whenCommitted(
        () -> {
          row.expiresMicros = 0;
          world.checker().touched(row);
          if (anew) {
            world.checker().owedAnew(row);
          }
        });
    world.checker().touched(row);
    commit(transaction);
  }

  private void discard() {
    Row row = any(State.FAILED, State.RETRY, State.PENDING, State.HELD);
    Transaction transaction = world.server().begin();
    if (row == null || !transaction.lock(row)) {
      transaction.rollBack();
      return;
    }
    trace("discards " + row.id);
    transaction.change(row, null);
    transaction.tell(version(row).destination());
    world.checker().discarded(row);
    commit(transaction);
  }

  private void setAside() {
    Row row = any(State.RETRY, State.PENDING, State.HELD);
    Transaction transaction = world.server().begin();
    if (row == null || !transaction.lock(row)) {
      transaction.rollBack();
      return;
    }
    trace("sets aside " + row.id);
    Version before = version(row);
    transaction.change(
        row,
        new Version(
            before.destination(),
            before.xid(),
            State.FAILED,
            before.attempts(),
            before.dueMicros(),
            0));
    transaction.tell(before.destination());
    world.checker().touched(row);
    commit(transaction);
  }

  private void putOff() {
    Row row = any(State.RETRY, State.PENDING);
    Transaction transaction = world.server().begin();
    if (row == null || !transaction.lock(row)) {
      transaction.rollBack();
      return;
    }
    Version before = version(row);
    boolean later = chance.is(0.7);
    long due = later ? world.server().nowMicros() + chance.between(0, 800) * 1000L : 0;
    trace((later ? "puts off " : "makes due ") + row.id);
    boolean pending = before.state() == State.PENDING;
    if (pending) {
      transaction.ring(before.destination());
    } else if (due == 0) {
      due = world.server().nowMicros();
    }
    long xid = pending && due == 0 ? transaction.xid() : before.xid();
    transaction.change(row, before.due(due, xid));
    transaction.tell(before.destination());
    world.checker().touched(row);
    commit(transaction);
  }

  private void update(Destination one, UnaryOperator<Destination> change) {
    Transaction transaction = world.server().begin();
    transaction.xid();
    transaction.tell(one.name());
    transaction.whenCommitted(
        () -> {
          Destination now = world.server().destinations().get(one.name());
          if (now != null) {
            world.server().put(change.apply(now));
          }
        });
    commit(transaction);
  }

  private void pause() {
    Destination one = chance.of(List.copyOf(world.server().destinations().values()));
    trace((one.paused() ? "resumes " : "pauses ") + one.name());
    update(one, d -> Settings.paused(d, !one.paused()));
  }

  void resumeAll() {
    for (Destination one : List.copyOf(world.server().destinations().values())) {
      if (one.paused()) {
        update(one, d -> Settings.paused(d, false));
      }
      if (!one.brakes().heldKeys().isEmpty()) {
        update(one, d -> Settings.holding(d, Set.of()));
      }
    }
  }

  /** As outbox.hold_key and outbox.release_key do. */
  void holdOrReleaseKey() {
    if (world.server().isDown()) {
      return;
    }
    List<Row> keyed =
        world.server().rows().stream().filter(r -> r.committed != null && r.gate != null).toList();
    if (keyed.isEmpty()) {
      return;
    }
    Row row = chance.of(keyed);
    Gate gate = Objects.requireNonNull(row.gate);
    Destination one = world.server().destinations().get(version(row).destination());
    if (one == null) {
      return;
    }
    Set<Gate> held = new HashSet<>(one.brakes().heldKeys());
    boolean hold = held.size() < 3 && held.add(gate);
    if (!hold) {
      held.clear();
    }
    trace((hold ? "holds " : "releases the keys like ") + gate + " of " + one.name());
    update(one, d -> Settings.holding(d, held));
  }

  private void changeSettings() {
    Destination one = chance.of(List.copyOf(world.server().destinations().values()));
    trace("changes settings of " + one.name());
    switch (chance.between(0, 3)) {
      case 0 -> {
        world.checker().orderIsOver(one.name());
        Ordering other = one.ordering() == Ordering.KEY ? Ordering.NONE : Ordering.KEY;
        update(one, d -> Settings.ordered(d, other));
      }
      case 1 -> {
        world.checker().orderIsOver(one.name());
        OnFailure other = one.onFailure() == OnFailure.HOLD ? OnFailure.SKIP : OnFailure.HOLD;
        update(one, d -> Settings.onFailure(d, other));
      }
      default -> {
        int inFlight = chance.of(1, 2, 7, 100);
        update(one, d -> Settings.inFlight(d, inFlight));
      }
    }
  }

  /** Looks at rows with FOR UPDATE, and goes to lunch. */
  private void holdRows() {
    Transaction transaction = world.server().begin();
    for (int n = 0; n < 3; n++) {
      Row row = any(State.PENDING, State.RETRY, State.HELD, State.FAILED);
      if (row != null && transaction.lock(row)) {
        trace("locks " + row.id);
      }
    }
    world
        .timeline()
        .in(
            chance.nanosBetween(Timeline.MILLI, Timeline.MILLI * 1500),
            () -> {
              trace("unlocks");
              transaction.rollBack();
            });
  }

  /** Looks with FOR UPDATE at one that is the next of its key, and goes to lunch. */
  void holdFollowers() {
    if (world.server().isDown()) {
      return;
    }
    List<Row> followers = new ArrayList<>();
    Map<Gate, Integer> seen = new HashMap<>();
    for (Row row : world.server().rows()) {
      Version version = row.committed;
      if (version != null && row.gate != null) {
        boolean next = seen.merge(row.gate, 1, Integer::sum) == 2;
        if (next && version.state() == State.PENDING && !row.isLocked()) {
          followers.add(row);
        }
      }
    }
    if (!followers.isEmpty()) {
      Transaction transaction = world.server().begin();
      Row row = chance.of(followers);
      if (transaction.lock(row)) {
        trace("locks " + row.id);
      }
      long nanos = chance.nanosBetween(100 * Timeline.MILLI, 1500 * Timeline.MILLI);
      world.timeline().in(nanos, transaction::rollBack);
    }
  }

  private void wake() {
    Transaction transaction = world.server().begin();
    transaction.tell("");
    commit(transaction);
  }
}
