// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.simulation.Version.State;
import dev.outboxrelay.store.OutboxDatabase;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A {@link MemoryServer}, whose clock is the machine's. */
final class MemoryScene implements Scene, MemoryDatabase.Sessions {
  private final MemoryServer server = new MemoryServer(System::nanoTime);
  private final OutboxDatabase database = new MemoryDatabase(server, Wire.SHORT, this, false);
  private int destinations;

  @Override
  public OutboxDatabase database() {
    return database;
  }

  @Override
  public MemoryLockSession lock() {
    MemoryLockSession[] made = new MemoryLockSession[1];
    made[0] = new MemoryLockSession(server, Wire.SHORT, () -> made[0].endedByServer());
    return made[0];
  }

  @Override
  public MemoryListenSession listen() {
    MemoryListenSession[] made = new MemoryListenSession[1];
    MemoryListenSession.Waiting atOnce =
        new MemoryListenSession.Waiting() {
          @Override
          public long arrivalMicros() {
            return 0;
          }

          @Override
          public void expect(long micros) {}

          @Override
          public boolean isOver(int timeoutMillis) {
            return true;
          }
        };
    made[0] = new MemoryListenSession(server, atOnce, () -> made[0].endedByServer());
    return made[0];
  }

  @Override
  public void destination(String name, boolean ordered, int doorbell) {
    destinations++;
    server.put(
        Settings.named(
            name,
            Settings.of(
                destinations,
                doorbell,
                ordered ? Ordering.KEY : Ordering.NONE,
                OnFailure.SKIP,
                10,
                1000,
                30_000,
                1000,
                Duration.ZERO)));
  }

  @Override
  public long xid(long id) {
    Version version = server.seen(id);
    if (version == null) {
      throw new IllegalStateException("message " + id + " is gone");
    }
    return version.xid();
  }

  @Override
  public String state(long id) {
    Version version = server.seen(id);
    return version == null ? "" : version.state().name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Deed begin() {
    return new MemoryDeed(server.begin());
  }

  @Override
  public void close() {}

  private final class MemoryDeed implements Deed {
    private final Transaction transaction;

    MemoryDeed(Transaction transaction) {
      this.transaction = transaction;
    }

    private long insert(String destination, @Nullable String key, boolean truncate, long due) {
      Gate gate = key == null ? null : new Gate(0, key);
      long id = transaction.insert(destination, null, gate, truncate, due, 2).id;
      transaction.ring(destination);
      return id;
    }

    @Override
    public long write(String destination, @Nullable String key) {
      return insert(destination, key, false, 0);
    }

    @Override
    public long writeForLater(String destination, String key, long millis) {
      return insert(destination, key, false, server.nowMicros() + millis * 1000);
    }

    @Override
    public long truncate(String destination) {
      return insert(destination, null, true, 0);
    }

    private Row row(long id) {
      Row row = server.row(id);
      if (row == null || !transaction.lock(row)) {
        throw new IllegalStateException("message " + id + " cannot be locked");
      }
      return row;
    }

    @Override
    public void lock(long id) {
      row(id);
    }

    private Version before(Row row) {
      Version before = row.committed;
      if (before == null) {
        throw new IllegalStateException("message " + row.id + " is not there");
      }
      return before;
    }

    @Override
    public void requeue(long id) {
      Row row = row(id);
      transaction.change(row, before(row).owedAgain(transaction.xid()));
      transaction.tell(before(row).destination());
      transaction.ring(before(row).destination());
    }

    @Override
    public void discard(long id) {
      Row row = row(id);
      transaction.change(row, null);
      transaction.tell(before(row).destination());
    }

    @Override
    public void setAside(long id) {
      Row row = row(id);
      Version was = before(row);
      transaction.change(
          row,
          new Version(
              was.destination(), was.xid(), State.FAILED, was.attempts(), was.dueMicros(), 0));
      transaction.tell(was.destination());
    }

    @Override
    public void commit() {
      transaction.commit();
    }

    @Override
    public void rollBack() {
      transaction.rollBack();
    }
  }
}
