// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.ListenSession.Kind;
import dev.outboxrelay.values.Gate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** A transaction of a writer or of a person: several statements, then a commit or not. */
final class Transaction {
  private final MemoryServer server;
  private final List<Row> touched = new ArrayList<>();
  private final Set<Heard> notices = new LinkedHashSet<>();
  private final Set<Integer> sharedBells = new TreeSet<>();
  private final List<Runnable> onCommit = new ArrayList<>();
  private long xid;
  private boolean ended;
  private boolean prepared;

  Transaction(MemoryServer server) {
    this.server = server;
  }

  boolean isEnded() {
    return ended;
  }

  /** It survives whatever happens to its session, and to the server. */
  void prepare() {
    prepared = true;
  }

  boolean isPrepared() {
    return prepared;
  }

  /** Assigned by the first write. */
  long xid() {
    if (xid == 0) {
      xid = server.assignXid(this);
    }
    return xid;
  }

  long assigned() {
    return xid;
  }

  List<Row> touched() {
    return touched;
  }

  Set<Heard> notices() {
    return notices;
  }

  Set<Integer> sharedBells() {
    return sharedBells;
  }

  List<Runnable> onCommit() {
    return onCommit;
  }

  void whenCommitted(Runnable action) {
    onCommit.add(action);
  }

  /** What a trigger writes for a change. */
  Row insert(
      String destination,
      @Nullable String table,
      @Nullable Gate gate,
      boolean truncate,
      long dueMicros,
      int bytes) {
    Row row = server.newRow(table, gate, truncate, bytes);
    row.locker = this;
    row.open = Version.written(destination, xid(), dueMicros);
    touched.add(row);
    return row;
  }

  /** Rings, unless the relay is awake: as the trigger does after its insertion. */
  void ring(String destination) {
    int bell = server.doorbell(destination);
    if (server.locks().tryShareBell(bell, this)) {
      sharedBells.add(bell);
    } else {
      notices.add(new Heard(Kind.BELL, destination));
    }
  }

  void tell(String destination) {
    notices.add(new Heard(Kind.CONTROL, destination));
  }

  /** False when another transaction has locked the row, or it is gone. */
  boolean lock(Row row) {
    if (row.locker == this) {
      return true;
    }
    if (row.locker != null || row.committed == null) {
      return false;
    }
    row.locker = this;
    row.open = row.committed;
    touched.add(row);
    return true;
  }

  /**
   * What a person's UPDATE makes of a row that he has locked.
   *
   * @param now null for its deletion
   */
  void change(Row row, @Nullable Version now) {
    xid();
    row.open = now;
  }

  void commit() {
    server.commit(this);
  }

  void rollBack() {
    server.rollBack(this);
  }

  void end() {
    ended = true;
  }
}
