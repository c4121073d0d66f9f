// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Brakes;
import dev.outboxrelay.values.Destination.FailureBudget;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Destination.OnFailure;
import dev.outboxrelay.values.Destination.Ordering;
import dev.outboxrelay.values.Gate;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** {@link DestinationStore} over JDBC. */
final class JdbcDestinationStore implements DestinationStore {
  private static final String LOAD =
      "select " + DestinationColumn.list() + " from outbox.destination";

  /**
   * Another one whenever a row is another one: the settings are asked for much oftener than they
   * change.
   */
  private static final String FINGERPRINT =
      """
      select count(*) || ' ' || coalesce(sum(hashtextextended(d::text, 0)), 0) || ' '
        || (select coalesce(sum(hashtextextended(h::text, 0)), 0) from outbox.held_key h)
      from outbox.destination d""";

  /**
   * An epoch is the second at which it began, or one more than the last: a row that a failover or a
   * restore has lost, or set back, does not have it fall, as long as no clock has been set back by
   * more than the old owner's time. Why it was paused is over once it is not.
   */
  private static final String TAKE_OVER =
      """
      insert into outbox.destination_state as s (destination, epoch, owner, owned_since)
      select name, floor(extract(epoch from clock_timestamp())), ?, clock_timestamp()
      from outbox.destination where name = ?
      on conflict (destination) do update set epoch = greatest(s.epoch + 1, excluded.epoch),
        owner = excluded.owner, owned_since = excluded.owned_since,
        last_error = case when s.last_error like 'paused, %' and not (
            select d.paused from outbox.destination d where d.name = s.destination)
          then null else s.last_error end
      returning epoch, mark_first_id, mark_earlier,
        case when mark_cluster is not distinct from (select outbox.system_identifier())
          and pg_snapshot_xmax(mark_snapshot) <= pg_snapshot_xmax(pg_current_snapshot())
          then mark_snapshot::text end""";

  /** Parameters: marks (3), destinations, marks. */
  static final String MARK =
      """
      update outbox.destination_state s
      set mark_cluster = (select outbox.system_identifier()),
        mark_snapshot = (?::jsonb -> s.destination ->> 'snapshot')::pg_snapshot,
        mark_first_id = (?::jsonb -> s.destination ->> 'first_id')::bigint,
        mark_earlier = (?::jsonb -> s.destination ->> 'earlier')::bigint[]
      where s.destination = any (?)
        and s.epoch = (?::jsonb -> s.destination ->> 'epoch')::bigint""";

  /** Two statements: the common case asks one of them, which writes nothing. */
  private static final String IDS_BEHIND = "select outbox_internal.ids_behind() is not null";

  private static final String MEND_IDS = "select outbox.mend_ids()";

  private static final String MEASURE = "select destination, done from outbox.measure()";

  private static final String EXPIRE = "select destination, done from outbox.expire()";

  /** Rows of one statement, so that none takes long. */
  private static final int PULL_BACK_ROWS = 50_000;

  static final String PULL_BACK =
      Expressions.sql(
          """
      update outbox.pending set xid = pg_current_xact_id(), tx = coalesce(tx, xid)
      where ctid = any (array(
        select u.ctid
        from (
          select m.ctid, m.destination from outbox.pending m
          where m.xid >= pg_snapshot_xmax(pg_current_snapshot()) offset 0) u
        join outbox.destination d on d.number = u.destination
        where d.name = ? limit %d))""",
          PULL_BACK_ROWS);

  /** A destination without order holds nothing: it was given up while messages were held. */
  static final String LET_GO = "select outbox_internal.let_go(?, " + PULL_BACK_ROWS + ")";

  private static final String LEAVE_OUT =
      """
      insert into outbox.destination_state as s (destination, last_error, last_error_at)
      values (?, ?, clock_timestamp())
      on conflict (destination) do update
      set last_error = excluded.last_error, last_error_at = excluded.last_error_at""";

  private static final String TELL_TROUBLE =
      """
      update outbox.destination_state set last_error = ?, last_error_at = clock_timestamp()
      where destination = ?""";

  private static final String END_TROUBLE =
      """
      update outbox.destination_state set last_error = null, last_error_at = null
      where last_error = ? and destination = ?""";

  /** By look-ups, as marks are written. Parameters: reports (2), destinations, reports. */
  static final String MOVED =
      """
      update outbox.destination_state s
      set progress_at = coalesce(
          clock_timestamp()
            - (?::jsonb -> s.destination ->> 'settled_ago')::bigint * interval '1 millisecond',
          s.progress_at),
        answer_due_at = clock_timestamp()
          + (?::jsonb -> s.destination ->> 'answer_in')::bigint * interval '1 millisecond'
      where s.destination = any (?)
        and s.epoch = (?::jsonb -> s.destination ->> 'epoch')::bigint""";

  private static final String IS_DOWN =
      "select 1 from outbox.destination_state where destination = ? and down_since is not null";

  private static final String REPORT =
      """
      update outbox.destination_state
      set down_since = case when ? then coalesce(down_since, clock_timestamp()) end,
        progress_at = case when down_since is null then progress_at else clock_timestamp() end,
        last_error = coalesce(?, last_error),
        last_error_at = case when ?::text is null then last_error_at else clock_timestamp() end
      where destination = ?""";

  /** Of a pause: no message may have failed for it. */
  private static final long NONE_FAILED = -1;

  /** In one sweep, each of ten thousand messages of each destination. */
  private static final int EXPIRE_ROUNDS = 20;

  private static final String PAUSE = "select outbox_internal.pause_for(?, ?, ?, ?)";

  private static final Logger LOG = LoggerFactory.getLogger(JdbcDestinationStore.class);

  private final ConnectionSource pool;
  private final LimitLog limits = new LimitLog();
  private volatile Loaded last = new Loaded("", Map.of());

  JdbcDestinationStore(ConnectionSource pool) {
    this.pool = pool;
  }

  private record Loaded(String fingerprint, Map<String, Destination> destinations) {}

  @Override
  public Map<String, Destination> load() throws SQLException {
    try (Connection c = pool.getConnection()) {
      // Taken before the rows: what changes in between has them read again the next time.
      String fingerprint = fingerprint(c);
      Loaded known = last;
      if (!known.fingerprint().equals(fingerprint)) {
        known = new Loaded(fingerprint, load(c));
        last = known;
      }
      return known.destinations();
    }
  }

  private static String fingerprint(Connection c) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(FINGERPRINT);
        ResultSet r = s.executeQuery()) {
      r.next();
      return r.getString(1);
    }
  }

  private static Map<String, Destination> load(Connection c) throws SQLException {
    Map<String, Destination> all = new HashMap<>();
    try (PreparedStatement s = c.prepareStatement(LOAD)) {
      add(c, s, all);
      return all;
    } catch (SQLException e) {
      if (!RowFault.is(e)) {
        throw e;
      }
    }
    List<String> names = new ArrayList<>();
    try (PreparedStatement s = c.prepareStatement("select name from outbox.destination");
        ResultSet r = s.executeQuery()) {
      while (r.next()) {
        names.add(r.getString(1));
      }
    }
    for (String name : names) {
      try (PreparedStatement s = c.prepareStatement(LOAD + " where name = ?")) {
        new Parameters(s).text(name);
        add(c, s, all);
      } catch (SQLException e) {
        if (!RowFault.is(e)) {
          throw e;
        }
        leaveOut(c, name, RowFault.words(e));
      }
    }
    return all;
  }

  private static void add(Connection c, PreparedStatement query, Map<String, Destination> all)
      throws SQLException {
    try (ResultSet r = query.executeQuery()) {
      while (r.next()) {
        try {
          Destination destination = destination(r);
          all.put(destination.name(), destination);
        } catch (IllegalArgumentException e) {
          leaveOut(c, r.getString(2), String.valueOf(e.getMessage()));
        }
      }
    }
  }

  /** The others go on; of this one it is to be seen why nobody delivers for it. */
  private static void leaveOut(Connection c, String name, String reason) throws SQLException {
    String words = "left out until its row in outbox.destination is mended: " + reason;
    LOG.warn("destination {} is {}", name, words);
    ErrorText.store(
        words,
        text -> {
          try (PreparedStatement s = c.prepareStatement(LEAVE_OUT)) {
            new Parameters(s).text(name).error(text);
            return s.executeUpdate();
          }
        });
  }

  private static Destination destination(ResultSet r) throws SQLException {
    return new Destination(
        r.getInt(DestinationColumn.ID.at()),
        r.getString(DestinationColumn.NAME.at()),
        r.getInt(DestinationColumn.DOORBELL.at()),
        r.getString(DestinationColumn.URI.at()),
        constant(Format.class, r, DestinationColumn.FORMAT),
        constant(Framing.class, r, DestinationColumn.FRAMING),
        constant(Ack.class, r, DestinationColumn.ACK),
        constant(Ordering.class, r, DestinationColumn.ORDERING),
        r.getInt(DestinationColumn.MAX_ATTEMPTS.at()),
        duration(r, DestinationColumn.RETRY_INITIAL),
        duration(r, DestinationColumn.RETRY_MAX),
        duration(r, DestinationColumn.ACK_TIMEOUT),
        duration(r, DestinationColumn.CONNECT_TIMEOUT),
        r.getInt(DestinationColumn.MAX_IN_FLIGHT.at()),
        constant(OnFailure.class, r, DestinationColumn.ON_FAILURE),
        r.getString(DestinationColumn.KEEP_DELIVERED.at()) == null
            ? null
            : duration(r, DestinationColumn.KEEP_DELIVERED),
        brakes(r),
        r.getBoolean(DestinationColumn.PAUSED.at()),
        r.getString(DestinationColumn.OPTIONS.at()));
  }

  private static Brakes brakes(ResultSet r) throws SQLException {
    double share = r.getDouble(DestinationColumn.FAILURE_BUDGET.at());
    FailureBudget budget =
        r.wasNull()
            ? null
            : new FailureBudget(share, r.getInt(DestinationColumn.FAILURE_BUDGET_ANSWERS.at()));
    int rate = r.getInt(DestinationColumn.MAX_RATE.at());
    Integer maxRate = r.wasNull() ? null : rate;
    Set<Gate> held = new HashSet<>();
    for (String key : (String[]) r.getArray(DestinationColumn.HELD_KEYS.at()).getArray()) {
      int space = key.indexOf(' ');
      held.add(new Gate(Integer.parseInt(key.substring(0, space)), key.substring(space + 1)));
    }
    return new Brakes(budget, maxRate, held);
  }

  private static <E extends Enum<E>> E constant(
      Class<E> type, ResultSet r, DestinationColumn column) throws SQLException {
    return Enum.valueOf(type, r.getString(column.at()).toUpperCase(Locale.ROOT));
  }

  private static Duration duration(ResultSet r, DestinationColumn column) throws SQLException {
    return Duration.ofMillis(Math.round(r.getDouble(column.at())));
  }

  @Override
  public TakenOver takeOver(String destination, String owner) throws SQLException {
    try (Connection c = pool.getConnection()) {
      try (PreparedStatement s = c.prepareStatement(PULL_BACK)) {
        new Parameters(s).text(destination);
        while (s.executeUpdate() == PULL_BACK_ROWS) {
          LOG.info("destination {}: rows of a restored database are made visible", destination);
        }
      }
      TakenOver taken = ErrorText.store(owner, text -> raiseEpoch(c, destination, text));
      // After the fence is up: an earlier owner's late statement holds nothing any more.
      try (PreparedStatement s = c.prepareStatement(LET_GO)) {
        new Parameters(s).text(destination);
        while (number(s) == PULL_BACK_ROWS) {
          LOG.info(
              "destination {}: held messages are let go, it has no order any more", destination);
        }
      }
      return taken;
    }
  }

  private static long number(PreparedStatement s) throws SQLException {
    try (ResultSet r = s.executeQuery()) {
      r.next();
      return r.getLong(1);
    }
  }

  private static TakenOver raiseEpoch(Connection c, String destination, @Nullable String owner)
      throws SQLException {
    try (PreparedStatement s = c.prepareStatement(TAKE_OVER)) {
      new Parameters(s).text(owner).text(destination);
      try (ResultSet r = s.executeQuery()) {
        return r.next() ? new TakenOver(r.getLong(1), mark(r)) : new TakenOver(0, null);
      }
    }
  }

  private static @Nullable Mark mark(ResultSet r) throws SQLException {
    String snapshot = r.getString(4);
    if (snapshot == null) {
      return null;
    }
    Array earlier = r.getArray(3);
    return new Mark(snapshot, r.getLong(2), List.of((Long[]) earlier.getArray()));
  }

  @Override
  public void mendIds() throws SQLException {
    try (Connection c = pool.getConnection()) {
      if (!flag(c, IDS_BEHIND)) {
        return;
      }
      try (PreparedStatement s = c.prepareStatement(MEND_IDS);
          ResultSet r = s.executeQuery()) {
        r.next();
        if (r.getLong(1) > 0) {
          LOG.warn(
              "the sequence of message ids stood behind the rows, so that the application's writes"
                  + " failed; it goes on at {} now",
              r.getLong(1));
        }
      }
    }
  }

  @Override
  public void measure() throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MEASURE);
        ResultSet r = s.executeQuery()) {
      while (r.next()) {
        limits.tell(r.getString(1), r.getString(2));
      }
    }
  }

  @Override
  public void expire() throws SQLException {
    boolean more = true;
    for (int round = 0; more && round < EXPIRE_ROUNDS; round++) {
      more = false;
      try (Connection c = pool.getConnection();
          PreparedStatement s = c.prepareStatement(EXPIRE);
          ResultSet r = s.executeQuery()) {
        while (r.next()) {
          more = true;
          LOG.warn("destination {}: {}", r.getString(1), r.getString(2));
        }
      }
    }
  }

  private static boolean flag(Connection c, String query) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(query);
        ResultSet r = s.executeQuery()) {
      r.next();
      return r.getBoolean(1);
    }
  }

  @Override
  public void mark(Collection<Marked> marks) throws SQLException {
    Map<String, String> objects = new HashMap<>();
    marks.forEach(m -> objects.put(m.destination(), object(m)));
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MARK)) {
      new Parameters(s)
          .object(objects)
          .object(objects)
          .object(objects)
          .texts(objects.keySet())
          .object(objects);
      s.executeUpdate();
    }
  }

  private static String object(Marked marked) {
    String epoch = "{\"epoch\":" + marked.epoch();
    Mark mark = marked.mark();
    if (mark == null) {
      return epoch + "}";
    }
    return epoch
        + ",\"snapshot\":\""
        + mark.snapshot()
        + "\",\"first_id\":"
        + mark.firstId()
        + ",\"earlier\":\""
        + mark.earlier().stream().map(String::valueOf).collect(Collectors.joining(",", "{", "}"))
        + "\"}";
  }

  @Override
  public void claim() throws SQLException {
    run("select outbox_internal.claim()");
  }

  @Override
  public void adopt() throws SQLException {
    run("select outbox.adopt()");
  }

  private void run(String query) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(query)) {
      s.execute();
    }
  }

  @Override
  public boolean isDown(String destination) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(IS_DOWN)) {
      new Parameters(s).text(destination);
      try (ResultSet r = s.executeQuery()) {
        return r.next();
      }
    }
  }

  @Override
  public void report(String destination, boolean down, @Nullable String error) throws SQLException {
    ErrorText.store(
        error,
        text -> {
          try (Connection c = pool.getConnection();
              PreparedStatement s = c.prepareStatement(REPORT)) {
            new Parameters(s).flag(down).error(text).error(text).text(destination);
            return s.executeUpdate();
          }
        });
  }

  @Override
  public void pause(String destination, long epoch, String reason, @Nullable Duration failing)
      throws SQLException {
    ErrorText.store(
        reason,
        text -> {
          try (Connection c = pool.getConnection();
              PreparedStatement s = c.prepareStatement(PAUSE)) {
            new Parameters(s)
                .text(destination)
                .number(epoch)
                .error(text)
                .number(failing == null ? NONE_FAILED : failing.toMillis());
            return s.execute();
          }
        });
  }

  @Override
  public void tellTrouble(String destination, String error) throws SQLException {
    ErrorText.store(error, text -> update(TELL_TROUBLE, destination, text));
  }

  @Override
  public void endTrouble(String destination, String error) throws SQLException {
    ErrorText.store(error, text -> update(END_TROUBLE, destination, text));
  }

  private int update(String sql, String destination, @Nullable String error) throws SQLException {
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(sql)) {
      new Parameters(s).error(error).text(destination);
      return s.executeUpdate();
    }
  }

  @Override
  public void moved(List<Moved> moved) throws SQLException {
    Map<String, String> objects = new HashMap<>();
    moved.forEach(m -> objects.put(m.destination(), object(m)));
    try (Connection c = pool.getConnection();
        PreparedStatement s = c.prepareStatement(MOVED)) {
      new Parameters(s).object(objects).object(objects).texts(objects.keySet()).object(objects);
      s.executeUpdate();
    }
  }

  private static String object(Moved moved) {
    return "{\"epoch\":"
        + moved.epoch()
        + ",\"settled_ago\":"
        + moved.settledMillisAgo()
        + ",\"answer_in\":"
        + moved.answerDueInMillis()
        + "}";
  }
}
