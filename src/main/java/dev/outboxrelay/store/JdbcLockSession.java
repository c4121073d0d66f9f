// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** {@link LockSession} over JDBC. */
final class JdbcLockSession implements LockSession {
  /** Writers share it, a sleeping relay holds it alone. */
  static final int BELL = 7021001;

  /** Held alone by the relay that owns a doorbell's destinations. */
  static final int OWNER = 7021002;

  /**
   * A relay lives; the number is that of its own session, so that nobody gives another's sign or
   * takes it.
   */
  static final int MEMBER = 7021003;

  private static final String ENTER =
      "select pg_try_advisory_lock_shared(" + MEMBER + ", pg_backend_pid()), pg_backend_pid()";

  /**
   * Who is there, who owns what, and whether the schema still is, in one row: it is asked every
   * second for ever. What anybody holds cannot be owned, but only a relay counts as one.
   */
  private static String look(String origin) {
    return Expressions.sql(
        """
        select count(*) filter (where l.class = %1$d),
          count(*) filter (where l.class = %1$d and l.pid < ?),
          array_agg(l.number) filter (where l.class = %2$d),
          coalesce(to_regnamespace('outbox')::oid, 0)::bigint%3$s
        from outbox.relay_locks l
        where l.class = %2$d or l.class = %1$d and l.number = l.pid and (l.pid = ? or l.by_relay)""",
        MEMBER, OWNER, origin);
  }

  private static final String LOOK = look("");

  private static final String LOOK_AT_ORIGIN =
      look(", (select outbox.copied()), (select incarnation::text from outbox.identity)");

  private static final String TRY =
      "select n from unnest(?::int[]) as n where pg_try_advisory_lock(?, n)";
  private static final String FREE =
      "select n from unnest(?::int[]) as n where pg_advisory_unlock(?, n)";

  private final Connection connection;
  private final int pid;

  private JdbcLockSession(Connection connection, int pid) {
    this.connection = connection;
    this.pid = pid;
  }

  static JdbcLockSession open(Connection connection) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(ENTER);
        ResultSet r = s.executeQuery()) {
      r.next();
      if (!r.getBoolean(1)) {
        throw new SQLException(
            "somebody holds advisory lock ("
                + MEMBER
                + ", "
                + r.getInt(2)
                + "), which is this session's: the doctor names him");
      }
      return new JdbcLockSession(connection, r.getInt(2));
    }
  }

  @Override
  public View look(boolean home) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement(home ? LOOK_AT_ORIGIN : LOOK)) {
      s.setInt(1, pid);
      s.setInt(2, pid);
      try (ResultSet r = s.executeQuery()) {
        r.next();
        Array owned = r.getArray(3);
        return new View(
            r.getInt(1),
            r.getInt(2),
            owned == null ? Set.of() : Set.copyOf(List.of((Integer[]) owned.getArray())),
            r.getLong(4),
            home ? new Home(r.getString(5), r.getString(6)) : null);
      }
    }
  }

  @Override
  public Set<Integer> tryOwn(Collection<Integer> doorbells) throws SQLException {
    return run(TRY, OWNER, doorbells);
  }

  @Override
  public void disown(Collection<Integer> doorbells) throws SQLException {
    run(FREE, OWNER, doorbells);
  }

  @Override
  public Set<Integer> trySleep(Collection<Integer> doorbells) throws SQLException {
    return run(TRY, BELL, doorbells);
  }

  @Override
  public void wake(Collection<Integer> doorbells) throws SQLException {
    run(FREE, BELL, doorbells);
  }

  private Set<Integer> run(String sql, int lockClass, Collection<Integer> doorbells)
      throws SQLException {
    Set<Integer> done = new HashSet<>();
    if (doorbells.isEmpty()) {
      return done;
    }
    try (PreparedStatement s = connection.prepareStatement(sql)) {
      s.setObject(
          1, doorbells.stream().mapToInt(Integer::intValue).toArray(), java.sql.Types.ARRAY);
      s.setInt(2, lockClass);
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          done.add(r.getInt(1));
        }
      }
    }
    return done;
  }

  @Override
  public void abort() {
    Sessions.abort(connection);
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }
}
