// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Gate;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * {@link MessageStore} over JDBC. Safe for use by several threads; each call has a connection of
 * its own.
 */
final class JdbcMessageStore implements MessageStore {
  /** A lean page is tried when each row's share of the budget is at least this. */
  private static final long LEAN_ROW_BYTES = 512;

  /** The server's code for a lock that was not to be had. */
  private static final String LOCK_NOT_AVAILABLE = "55P03";

  private final ConnectionSource pool;
  private final Numbers numbers = new Numbers();

  JdbcMessageStore(ConnectionSource pool) {
    this.pool = pool;
  }

  @Override
  public String snapshot() throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement("select pg_current_snapshot()");
        ResultSet r = s.executeQuery()) {
      r.next();
      return r.getString(1);
    }
  }

  private interface Read<T> {
    T run(Connection connection) throws SQLException;
  }

  /** Reads all together, and one by one where a row keeps that from being done. */
  private <T> T read(Read<T> together, Read<T> oneByOne) throws SQLException {
    try (Connection c = pool.getConnection()) {
      try {
        return together.run(c);
      } catch (SQLException e) {
        if (!RowFault.mayBe(e)) {
          throw e;
        }
        return oneByOne.run(c);
      }
    }
  }

  @Override
  public Batch page(
      String destination,
      long after,
      @Nullable String from,
      String upTo,
      Limits limits,
      Encoding encoding)
      throws SQLException {
    return read(
        c -> pageTogether(c, destination, after, from, upTo, limits, encoding),
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.PAGE_PLACES)) {
            int number = numbers.of(c, destination);
            Parameters p = new Parameters(s).number(number).number(after).number(number);
            p.snapshot(upTo).snapshot(from).snapshot(from).number(limits.rows());
            return new RowByRow(c, numbers, "pending", limits, name -> encoding)
                .read(RowByRow.places(s));
          }
        });
  }

  private Batch pageTogether(
      Connection c,
      String destination,
      long after,
      @Nullable String from,
      String upTo,
      Limits limits,
      Encoding encoding)
      throws SQLException {
    int number = numbers.of(c, destination);
    long rowBytes = Math.min(limits.bytes() / limits.rows(), limits.messageBytes());
    if (rowBytes >= LEAN_ROW_BYTES) {
      try (PreparedStatement s = c.prepareStatement(MessageSql.LEAN_PAGE)) {
        Parameters p = new Parameters(s).number(rowBytes).sizeLimit(rowBytes);
        p.number(number)
            .number(after)
            .number(number)
            .snapshot(upTo)
            .snapshot(from)
            .snapshot(from)
            .number(limits.rows());
        try (ResultSet r = s.executeQuery()) {
          Batch lean = Rows.lean(r, rows(c), limits, destination, encoding);
          if (lean != null) {
            return lean;
          }
        }
      }
    }
    try (PreparedStatement s = c.prepareStatement(MessageSql.SIZED_PAGE)) {
      Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
      p.number(number).number(after).number(number);
      p.snapshot(upTo).snapshot(from).snapshot(from);
      p.number(limits.rows()).number(limits.bytes());
      try (ResultSet r = s.executeQuery()) {
        return new Rows(r, rows(c), limits, name -> encoding).read();
      }
    }
  }

  @Override
  public Tail tail(Map<String, Encoding> encodings, String last, Limits limits)
      throws SQLException {
    return read(
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.TAIL)) {
            Parameters p = new Parameters(s);
            p.snapshot(last)
                .snapshot(last)
                .snapshot(last)
                .snapshot(last)
                .integers(numbers.of(c, encodings.keySet()))
                .number(limits.rows() + 1)
                .sizeLimit(limits.messageBytes())
                .number(limits.rows())
                .number(limits.rows())
                .number(limits.bytes());
            try (ResultSet r = s.executeQuery()) {
              return Rows.tail(r, rows(c), limits, encodings);
            }
          }
        },
        c -> tailOneByOne(c, encodings, last, limits));
  }

  private Tail tailOneByOne(
      Connection c, Map<String, Encoding> encodings, String last, Limits limits)
      throws SQLException {
    String snapshot;
    long found;
    List<RowByRow.Place> places = new ArrayList<>();
    try (PreparedStatement s = c.prepareStatement(MessageSql.TAIL_PLACES)) {
      Parameters p = new Parameters(s).snapshot(last).snapshot(last).snapshot(last).snapshot(last);
      p.integers(numbers.of(c, encodings.keySet())).number(limits.rows() + 1).number(limits.rows());
      try (ResultSet r = s.executeQuery()) {
        r.next();
        snapshot = r.getString(1);
        found = r.getLong(2);
        if (found > 0 && found <= limits.rows()) {
          do {
            places.add(new RowByRow.Place(r.getLong(3), r.getInt(4), r.getLong(5)));
          } while (r.next());
        }
      }
    }
    long bytes = places.stream().limit(Math.max(0, found - 1)).mapToLong(p -> p.bytes()).sum();
    if (places.size() < found || bytes >= limits.bytes()) {
      return new Tail(snapshot, true, Batch.NONE);
    }
    Batch batch = new RowByRow(c, numbers, "pending", limits, encodings::get).read(places);
    return new Tail(snapshot, false, batch);
  }

  @Override
  public Map<String, Long> firstIds(Collection<String> destinations, String from, String upTo)
      throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.FIRST_IDS)) {
      Parameters p = new Parameters(s);
      p.snapshot(from).snapshot(from).snapshot(from).snapshot(from);
      p.integers(numbers.of(c, destinations)).snapshot(upTo);
      Map<String, Long> first = new HashMap<>();
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          first.put(numbers.name(c, r.getInt(1)), r.getLong(2));
        }
      }
      return first;
    }
  }

  @Override
  public Batch due(
      String destination, boolean refusedOnly, Set<Long> except, Limits limits, Encoding encoding)
      throws SQLException {
    Batch due =
        read(
            c -> {
              try (PreparedStatement s = c.prepareStatement(MessageSql.DUE)) {
                Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
                p.number(numbers.of(c, destination)).flag(refusedOnly).numbers(except);
                p.number(limits.rows()).number(limits.bytes());
                try (ResultSet r = s.executeQuery()) {
                  return new Rows(r, rows(c), limits, name -> encoding).read();
                }
              }
            },
            c -> {
              try (PreparedStatement s = c.prepareStatement(MessageSql.DUE_PLACES)) {
                Parameters p = new Parameters(s).number(numbers.of(c, destination));
                p.flag(refusedOnly).numbers(except).number(limits.rows());
                return new RowByRow(c, numbers, null, limits, name -> encoding)
                    .read(RowByRow.places(s));
              }
            });
    try (Connection c = pool.getConnection()) {
      List<Long> known = new ArrayList<>(except);
      due.messages().forEach(m -> known.add(m.id()));
      try (PreparedStatement s = c.prepareStatement(MessageSql.NEXT_DUE)) {
        new Parameters(s).number(numbers.of(c, destination)).flag(refusedOnly).numbers(known);
        try (ResultSet r = s.executeQuery()) {
          r.next();
          long next = r.getLong(1);
          Map<String, Long> nextDue =
              r.wasNull() ? Map.of() : Map.of(destination, Math.max(0, next));
          return new Batch(due.messages(), due.more(), due.lastId(), nextDue);
        }
      }
    }
  }

  @Override
  public Map<String, Long> nextDueMillis(Collection<String> destinations) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.NEXT_DUES)) {
      new Parameters(s).integers(numbers.of(c, destinations));
      Map<String, Long> next = new HashMap<>();
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          next.put(numbers.name(c, r.getInt(1)), Math.max(0, r.getLong(2)));
        }
      }
      return next;
    }
  }

  @Override
  public Batch requeued(String destination, Collection<Long> ids, Limits limits, Encoding encoding)
      throws SQLException {
    return read(
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.REQUEUED)) {
            Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
            inEither(p, c, destination, ids).number(limits.rows()).number(limits.bytes());
            try (ResultSet r = s.executeQuery()) {
              return new Rows(r, rows(c), limits, name -> encoding).read();
            }
          }
        },
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.REQUEUED_PLACES)) {
            inEither(new Parameters(s), c, destination, ids).number(limits.rows());
            return new RowByRow(c, numbers, "pending", limits, name -> encoding)
                .read(RowByRow.places(s));
          }
        });
  }

  @Override
  public Batch held(String destination, Gate gate, Limits limits, Encoding encoding)
      throws SQLException {
    return read(
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.HELD)) {
            Parameters p = new Parameters(s).sizeLimit(limits.messageBytes());
            p.number(numbers.of(c, destination)).number(gate.source()).text(gate.key());
            p.number(limits.rows()).number(limits.bytes());
            try (ResultSet r = s.executeQuery()) {
              return new Rows(r, rows(c), limits, name -> encoding).read();
            }
          }
        },
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.HELD_PLACES)) {
            Parameters p = new Parameters(s).number(numbers.of(c, destination));
            p.number(gate.source()).text(gate.key()).number(limits.rows());
            return new RowByRow(c, numbers, "held", limits, name -> encoding)
                .read(RowByRow.places(s));
          }
        });
  }

  @Override
  public List<Parked> parked(String destination, boolean failedToo, int limit) throws SQLException {
    return read(
        c -> {
          try (PreparedStatement s = c.prepareStatement(MessageSql.PARKED)) {
            new Parameters(s).number(numbers.of(c, destination)).flag(failedToo).number(limit);
            List<Parked> parked = new ArrayList<>();
            try (ResultSet r = s.executeQuery()) {
              while (r.next()) {
                Gate gate = new Gate(r.getInt(1), r.getString(2));
                parked.add(new Parked(gate, Rows.ids(r.getArray(3)), r.getLong(4)));
              }
            }
            return parked;
          }
        },
        c -> new GateByGate(c, numbers.of(c, destination)).parked(failedToo, limit));
  }

  @Override
  public Set<Long> standing(String destination, Collection<Long> ids, boolean failedToo)
      throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.STANDING)) {
      List<String> states =
          failedToo ? List.of("pending", "retry", "failed") : List.of("pending", "retry");
      inEither(new Parameters(s), c, destination, ids).texts(states);
      return Rows.ids(s);
    }
  }

  @Override
  public Map<Long, Fate> fates(String destination, Collection<Long> ids) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.FATES)) {
      inEither(new Parameters(s), c, destination, ids);
      Map<Long, Fate> fates = new HashMap<>();
      ids.forEach(id -> fates.put(id, Fate.GONE));
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          String fate = r.getString(2);
          if (fate == null) {
            fates.remove(r.getLong(1));
          } else {
            fates.put(r.getLong(1), Fate.valueOf(fate));
          }
        }
      }
      return fates;
    }
  }

  @Override
  public List<Long> refusedTruncates(String destination) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.BARRIER)) {
      new Parameters(s).number(numbers.of(c, destination));
      List<Long> ids = new ArrayList<>(Rows.ids(s));
      Collections.sort(ids);
      return ids;
    }
  }

  @Override
  public Completion complete(Map<String, List<Long>> idsByDestination, Map<String, Set<Long>> keep)
      throws SQLException {
    try (Connection c = pool.getConnection()) {
      return new Completing(c, numbers, keep).complete(idsByDestination);
    }
  }

  @Override
  public boolean retry(
      String destination, long epoch, Refused message, int attempts, long delayMillis, String error)
      throws SQLException {
    return ErrorText.store(
        error,
        text -> {
          try (Connection c = pool.getConnection()) {
            int marked =
                marking(c, destination, epoch, message)
                    .mark(
                        MessageSql.RETRY,
                        MessageSql.RETRY_PARKED,
                        p -> p.number(attempts).error(text).number(delayMillis));
            return changed(marked, c, destination, epoch);
          }
        });
  }

  @Override
  public boolean fail(String destination, long epoch, Refused message, int attempts, String error)
      throws SQLException {
    return ErrorText.store(
        error,
        text -> {
          try (Connection c = pool.getConnection()) {
            return changed(
                fail(marking(c, destination, epoch, message), attempts, text),
                c,
                destination,
                epoch);
          }
        });
  }

  private Marking marking(Connection c, String destination, long epoch, Refused message)
      throws SQLException {
    int number = numbers.of(c, destination);
    return new Marking(c, number, destination, epoch, List.of(message.id()), message.xid());
  }

  private static int fail(Marking marking, int attempts, @Nullable String error)
      throws SQLException {
    Marking.Values values = p -> p.number(attempts).error(error);
    for (String moving : List.of(MessageSql.FAIL, MessageSql.FAIL_WITHOUT_VALUES)) {
      try {
        return marking.mark(moving, MessageSql.FAIL_PARKED, values);
      } catch (SQLException e) {
        if (!RowFault.isDamaged(e)) {
          throw e;
        }
      }
    }
    return marking.mark(MessageSql.FAIL_WITHOUT_KEY, MessageSql.FAIL_PARKED, values);
  }

  /** Nothing was changed: for there was nothing to be, or the caller's time is over. */
  private static void requireEpoch(Connection c, String destination, long epoch)
      throws SQLException {
    try (PreparedStatement s = c.prepareStatement(MessageSql.EPOCH)) {
      new Parameters(s).text(destination);
      try (ResultSet r = s.executeQuery()) {
        if (r.next() && r.getLong(1) != epoch) {
          throw new Replaced(destination, epoch);
        }
      }
    }
  }

  private static boolean changed(int rows, Connection c, String destination, long epoch)
      throws SQLException {
    if (rows == 0) {
      requireEpoch(c, destination, epoch);
    }
    return rows > 0;
  }

  @Override
  public Set<Long> hold(String destination, long epoch, Collection<Long> ids) throws SQLException {
    try (Connection c = pool.getConnection()) {
      Marking marking = new Marking(c, numbers.of(c, destination), destination, epoch, ids, null);
      try {
        int held = marking.mark(MessageSql.HOLD, MessageSql.HOLD_PARKED, p -> {});
        changed(held, c, destination, epoch);
        return Set.of();
      } catch (SQLException e) {
        if (!LOCK_NOT_AVAILABLE.equals(e.getSQLState())) {
          throw e;
        }
        Set<Long> locked = locked(c, destination, epoch, ids);
        if (locked.isEmpty()) {
          throw e; // not any more: it is worth another try
        }
        return locked;
      }
    }
  }

  private Set<Long> locked(Connection c, String destination, long epoch, Collection<Long> ids)
      throws SQLException {
    Set<Long> locked;
    try (PreparedStatement s = c.prepareStatement(MessageSql.NOT_HELD)) {
      inEither(new Parameters(s), c, destination, ids).text(destination).number(epoch);
      locked = Rows.ids(s);
    }
    for (String free : List.of(MessageSql.FREE, MessageSql.FREE_PARKED)) {
      try (PreparedStatement s = c.prepareStatement(free)) {
        new Parameters(s).number(numbers.of(c, destination)).numbers(ids);
        locked.removeAll(Rows.ids(s));
      }
    }
    return locked;
  }

  @Override
  public List<Owed> owed(
      Collection<String> destinations,
      Collection<Span> spans,
      String since,
      String snapshot,
      String afterDestination,
      long afterId,
      int limit)
      throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.OWED)) {
      new Parameters(s)
          .integers(numbers.of(c, spans.stream().map(Span::destination).toList()))
          .numbers(spans.stream().map(Span::firstId).toList())
          .numbers(spans.stream().map(Span::lastId).toList())
          .snapshot(since)
          .snapshot(since)
          .integers(numbers.of(c, destinations))
          .snapshot(snapshot)
          .number(numbers.of(c, afterDestination))
          .number(afterId)
          .number(limit);
      try (ResultSet r = s.executeQuery()) {
        List<Owed> owed = new ArrayList<>();
        while (r.next()) {
          owed.add(new Owed(numbers.name(c, r.getInt(1)), r.getLong(2)));
        }
        return owed;
      }
    }
  }

  @Override
  public Arrived arrived(Map<String, Long> below, String since, int limit) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.ARRIVED)) {
      Map<String, Long> byNumber = new HashMap<>();
      for (Map.Entry<String, Long> entry : below.entrySet()) {
        byNumber.put("" + numbers.of(c, entry.getKey()), entry.getValue());
      }
      new Parameters(s)
          .snapshot(since)
          .snapshot(since)
          .integers(numbers.of(c, below.keySet()))
          .object(byNumber)
          .number(limit);
      try (ResultSet r = s.executeQuery()) {
        r.next();
        String snapshot = r.getString(1);
        List<Owed> messages = named(c, r);
        return new Arrived(snapshot, messages, messages.size() == limit);
      }
    }
  }

  @Override
  public InBlocks inBlocks(
      long firstBlock, int blocks, Collection<Span> except, String snapshot, int limit)
      throws SQLException {
    Map<String, Long> first = new HashMap<>();
    Map<String, Long> last = new HashMap<>();
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.IN_BLOCKS)) {
      for (Span span : except) {
        String number = "" + numbers.of(c, span.destination());
        first.put(number, span.firstId());
        last.put(number, span.lastId());
      }
      new Parameters(s)
          .text("(" + firstBlock + ",0)")
          .text("(" + (firstBlock + blocks) + ",0)")
          .object(first)
          .object(last)
          .snapshot(snapshot)
          .number(limit);
      try (ResultSet r = s.executeQuery()) {
        r.next();
        long tableBlocks = r.getLong(1);
        return new InBlocks(tableBlocks, named(c, r));
      }
    }
  }

  /** The rows from the current one on, of which the only one may be empty. */
  private List<Owed> named(Connection c, ResultSet r) throws SQLException {
    List<Owed> messages = new ArrayList<>();
    do {
      int destination = r.getInt(2);
      if (!r.wasNull()) {
        messages.add(new Owed(numbers.name(c, destination), r.getLong(3)));
      }
    } while (r.next());
    return messages;
  }

  @Override
  public Purged purge(int limit, Map<String, String> from) throws SQLException {
    Map<String, String> quoted = new HashMap<>();
    from.forEach((name, time) -> quoted.put(name, '"' + time + '"'));
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MessageSql.PURGE)) {
      new Parameters(s).object(quoted).number(limit).number(limit);
      int rows = 0;
      Map<String, String> upTo = new HashMap<>();
      try (ResultSet r = s.executeQuery()) {
        while (r.next()) {
          rows += r.getInt(2);
          upTo.put(r.getString(1), r.getString(3));
        }
      }
      return new Purged(rows, upTo);
    }
  }

  private Parameters inEither(
      Parameters parameters, Connection connection, String destination, Collection<Long> ids)
      throws SQLException {
    int number = numbers.of(connection, destination);
    Set<Long> each = new LinkedHashSet<>(ids);
    return parameters.number(number).numbers(each).number(number).numbers(each);
  }

  private Names rows(Connection connection) {
    return numbers.names(connection);
  }
}
