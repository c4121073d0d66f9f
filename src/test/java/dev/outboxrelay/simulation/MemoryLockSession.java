// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.simulation;

import dev.outboxrelay.store.LockSession;
import java.sql.SQLException;
import java.util.Collection;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** {@link LockSession} over a {@link MemoryServer}. */
final class MemoryLockSession implements LockSession {
  /** How the server ended it. */
  enum End {
    /** It had been silent for too long. */
    IDLE,
    /** Otherwise: by a person, with the server, or with the relay's end of it. */
    OTHER
  }

  private final MemoryServer server;
  private final Wire wire;
  private final int pid;
  private final Runnable onAbort;
  private long lastStatementMicros;
  private @Nullable End end;
  private long endedMicros;

  /**
   * @param onAbort is called when the relay lets go of it: the server may learn of that later
   */
  MemoryLockSession(MemoryServer server, Wire wire, Runnable onAbort) {
    this.server = server;
    this.wire = wire;
    this.onAbort = onAbort;
    pid = server.nextPid();
    server.lockSessions().add(this);
    lastStatementMicros = server.nowMicros();
  }

  @Nullable End end() {
    return end;
  }

  /** By the server's clock. */
  long endedMicros() {
    return endedMicros;
  }

  long lastStatementMicros() {
    return lastStatementMicros;
  }

  void endedByServer() {
    ended(End.OTHER);
  }

  void ended(End by) {
    if (end == null) {
      end = by;
      endedMicros = server.nowMicros();
      server.lockSessions().remove(this);
      server.locks().forget(this);
    }
  }

  private void arrive(String what) throws SQLException {
    wire.before(what);
    if (end != null) {
      throw new SQLException("terminating connection", "57P01");
    }
  }

  private void leave(String what) throws SQLException {
    lastStatementMicros = server.nowMicros();
    wire.after(what);
  }

  @Override
  public View look(boolean home) throws SQLException {
    arrive("look");
    int rank = (int) server.lockSessions().stream().filter(other -> other.pid < pid).count();
    View view =
        new View(
            server.lockSessions().size(),
            rank,
            server.locks().owned(),
            1,
            home ? new Home(null, server.isClaimed() ? "1" : null) : null);
    leave("look");
    return view;
  }

  private Set<Integer> each(String what, Collection<Integer> doorbells, IntPredicate action)
      throws SQLException {
    arrive(what);
    Set<Integer> done = new TreeSet<>();
    for (int bell : doorbells) {
      if (action.test(bell)) {
        done.add(bell);
      }
    }
    leave(what);
    return done;
  }

  @Override
  public Set<Integer> tryOwn(Collection<Integer> doorbells) throws SQLException {
    return each("tryOwn", doorbells, bell -> server.locks().tryOwn(bell, this));
  }

  @Override
  public void disown(Collection<Integer> doorbells) throws SQLException {
    each("disown", doorbells, bell -> server.locks().disown(bell, this));
  }

  @Override
  public Set<Integer> trySleep(Collection<Integer> doorbells) throws SQLException {
    return each("trySleep", doorbells, bell -> server.locks().trySleep(bell, this));
  }

  @Override
  public void wake(Collection<Integer> doorbells) throws SQLException {
    each("wake", doorbells, bell -> server.locks().wake(bell, this));
  }

  @Override
  public void abort() {
    onAbort.run();
  }

  @Override
  public void close() {
    abort();
  }
}
