// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.ListenSession.Heard;
import dev.outboxrelay.store.Mark;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Gate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * A database server in memory, as far as relays and writers can tell it from PostgreSQL: ids are
 * drawn before commits, transactions become visible when they commit, locks of transactions last as
 * long, and what was committed without waiting for the disk may be lost in a crash.
 */
final class MemoryServer {
  private static final long EPOCH_MICROS = 1_800_000_000_000_000L;

  private final LongSupplier nanos;
  private final AdvisoryLocks locks = new AdvisoryLocks();
  private final TreeMap<Long, Row> rows = new TreeMap<>();
  private final TreeMap<Long, Transaction> running = new TreeMap<>();
  private final Map<String, Destination> destinations = new LinkedHashMap<>();
  private final Map<String, Report> reports = new LinkedHashMap<>();
  private final List<MemoryLockSession> lockSessions = new ArrayList<>();
  private final List<MemoryListenSession> listeners = new ArrayList<>();
  private final List<Transaction> open = new ArrayList<>();

  /** What undoes each commit that did not wait for the disk, since the last that did. */
  private final List<Runnable> unflushed = new ArrayList<>();

  private long nextXid = 1000;
  private long latestCompletedXid = 999;
  private long nextId = 1;
  private int nextPid = 1;
  private long settingsVersion;
  private Consumer<Row> onCompleted = row -> {};
  private Consumer<Row> onSetBack = row -> {};
  private boolean claimed;
  private boolean down;
  private int starts;

  /** What is said of a destination in its state. */
  static final class Report {
    long epoch;
    boolean down;
    @Nullable String error;
    @Nullable Mark mark;
  }

  /**
   * Makes a server.
   *
   * @param nanos its clock
   */
  MemoryServer(LongSupplier nanos) {
    this.nanos = nanos;
  }

  long nowMicros() {
    return EPOCH_MICROS + nanos.getAsLong() / 1000;
  }

  AdvisoryLocks locks() {
    return locks;
  }

  // Transactions. ---------------------------------------------------------------------------------

  Transaction begin() {
    Transaction begun = new Transaction(this);
    open.add(begun);
    return begun;
  }

  long assignXid(Transaction transaction) {
    long xid = nextXid++;
    running.put(xid, transaction);
    return xid;
  }

  Snapshot snapshot() {
    long xmax = latestCompletedXid + 1;
    Set<Long> inProgress = new HashSet<>(running.headMap(xmax).keySet());
    long xmin = running.isEmpty() ? xmax : Math.min(xmax, running.firstKey());
    return new Snapshot(xmin, xmax, inProgress);
  }

  void commit(Transaction transaction) {
    if (transaction.isEnded()) {
      return;
    }
    for (Row row : transaction.touched()) {
      row.committed = row.open;
      release(row);
      if (row.committed == null) {
        rows.remove(row.id);
      }
    }
    unflushed.clear();
    end(transaction);
    transaction.onCommit().forEach(Runnable::run);
    transaction.notices().forEach(this::notify);
  }

  void rollBack(Transaction transaction) {
    if (transaction.isEnded()) {
      return;
    }
    for (Row row : transaction.touched()) {
      release(row);
      if (row.committed == null) {
        rows.remove(row.id);
      }
    }
    end(transaction);
  }

  private static void release(Row row) {
    row.locker = null;
    row.open = null;
  }

  /** Visible to others, or known to be nothing, before its locks are free. */
  private void end(Transaction transaction) {
    transaction.end();
    open.remove(transaction);
    if (transaction.assigned() != 0) {
      running.remove(transaction.assigned());
      latestCompletedXid = Math.max(latestCompletedXid, transaction.assigned());
    }
    transaction.sharedBells().forEach(bell -> locks.unshare(bell, transaction));
  }

  /** One statement of a relay's, that writes. */
  long ownXid() {
    long xid = nextXid++;
    latestCompletedXid = Math.max(latestCompletedXid, xid);
    return xid;
  }

  /**
   * Changes a row that nobody has locked, in a commit that does not wait for the disk.
   *
   * @param now null to delete it
   */
  void change(Row row, @Nullable Version now) {
    Version before = row.committed;
    row.committed = now;
    if (now == null) {
      rows.remove(row.id);
    }
    unflushed.add(
        () -> {
          row.committed = before;
          onSetBack.accept(row);
          if (before != null) {
            rows.put(row.id, row);
          }
        });
  }

  /** As {@link #change}, since the message is delivered. */
  void complete(Row row, @Nullable Version now) {
    onCompleted.accept(row);
    change(row, now);
  }

  void whenCompleted(Consumer<Row> action) {
    onCompleted = action;
  }

  /**
   * @param action gets each row that a crash has set back
   */
  void whenSetBack(Consumer<Row> action) {
    onSetBack = action;
  }

  void alsoUndo(Runnable undo) {
    unflushed.add(undo);
  }

  // What is in the tables. ------------------------------------------------------------------------

  Row newRow(@Nullable String table, @Nullable Gate gate, boolean truncate, int bytes) {
    Row row = new Row(nextId++, table, gate, truncate, bytes, nowMicros());
    rows.put(row.id, row);
    return row;
  }

  /** Rows by id, those too that are not committed yet. */
  Collection<Row> rows() {
    return rows.values();
  }

  @Nullable Row row(long id) {
    return rows.get(id);
  }

  /** A row as everybody sees it; null when there is none. */
  @Nullable Version seen(long id) {
    Row row = rows.get(id);
    return row == null ? null : row.committed;
  }

  Map<String, Destination> destinations() {
    return destinations;
  }

  /** Grows with every change of {@link #destinations}. */
  long settingsVersion() {
    return settingsVersion;
  }

  void put(Destination destination) {
    destinations.put(destination.name(), destination);
    reports.computeIfAbsent(destination.name(), name -> new Report());
    settingsVersion++;
  }

  int doorbell(String destination) {
    Destination known = destinations.get(destination);
    return known == null ? 0 : known.doorbell();
  }

  Report report(String destination) {
    return reports.computeIfAbsent(destination, name -> new Report());
  }

  boolean isClaimed() {
    return claimed;
  }

  void claim() {
    claimed = true;
  }

  // Sessions. -------------------------------------------------------------------------------------

  int nextPid() {
    return nextPid++;
  }

  List<MemoryLockSession> lockSessions() {
    return lockSessions;
  }

  List<MemoryListenSession> listeners() {
    return listeners;
  }

  void notify(Heard heard) {
    for (MemoryListenSession listener : List.copyOf(listeners)) {
      listener.notified(heard);
    }
  }

  boolean isDown() {
    return down;
  }

  /** Open transactions, prepared ones among them. */
  List<Transaction> open() {
    return open;
  }

  /**
   * Ends at once: every session, every transaction that is not prepared, and some of what was
   * committed last without waiting for the disk.
   *
   * @param lost how many of these
   */
  void crash(int lost) {
    down = true;
    List.copyOf(lockSessions).forEach(MemoryLockSession::endedByServer);
    List.copyOf(listeners).forEach(MemoryListenSession::endedByServer);
    for (Transaction transaction : List.copyOf(open)) {
      if (!transaction.isPrepared()) {
        rollBack(transaction);
      }
    }
    for (int n = 0; n < lost && !unflushed.isEmpty(); n++) {
      unflushed.remove(unflushed.size() - 1).run();
    }
    unflushed.clear();
  }

  int unflushed() {
    return unflushed.size();
  }

  void restart() {
    down = false;
    starts++;
  }

  /** How often it was started: sessions before and after are not on one server. */
  int starts() {
    return starts;
  }
}
