// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.torture;

import dev.outboxrelay.testing.PostgresProcess;
import dev.outboxrelay.torture.Journal.Entry;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.BooleanSupplier;

/** One session of the legacy application: random transactions by seed, each journalled. */
final class Writer implements Runnable {
  private static final Duration RECONNECT_PAUSE = Duration.ofMillis(200);

  private final int number;
  private final BooleanSupplier calm;
  private final Random random;
  private final PostgresProcess postgres;
  private final String database;
  private final Journal journal;
  private final StopSignal stop;
  private final int pauseMillis;

  /** This transaction does not wait for the disk when it commits. */
  private boolean inMemory;

  private int published;

  Writer(
      int number,
      long seed,
      PostgresProcess postgres,
      String database,
      Journal journal,
      StopSignal stop,
      int pauseMillis,
      BooleanSupplier calm) {
    this.calm = calm;
    this.number = number;
    this.random = new Random(seed * 1_000 + number);
    this.postgres = postgres;
    this.database = database;
    this.journal = journal;
    this.stop = stop;
    this.pauseMillis = pauseMillis;
  }

  @Override
  public void run() {
    while (!stop.isSet()) {
      try (Connection connection = postgres.connect(database)) {
        try (Statement statement = connection.createStatement()) {
          statement.execute("set lock_timeout = '2s'");
          // The row's content must not depend on it.
          statement.execute("set timezone = 'Asia/Kathmandu'");
        }
        connection.setAutoCommit(false);
        while (!stop.isSet()) {
          transaction(connection);
          stop.await(Duration.ofMillis(random.nextInt(pauseMillis + 1)));
        }
      } catch (SQLException e) {
        stop.await(RECONNECT_PAUSE);
      }
    }
  }

  private void transaction(Connection connection) throws SQLException {
    long transaction = journal.begin();
    inMemory = DiskTimes.inMemory(System.nanoTime());
    List<Entry> entries = new ArrayList<>();
    int style = random.nextInt(100);
    // Prepared transactions ring no bell, so nothing may be expected of them at once. And what is
    // prepared goes to the disk, with all that is in memory.
    boolean prepare = style >= 88 && style < 92 && !inMemory && !calm.getAsBoolean();
    try {
      try (Statement statement = connection.createStatement()) {
        statement.execute("set local synchronous_commit = " + (inMemory ? "off" : "on"));
        if (prepare) {
          statement.execute("set local outbox.notify = 'off'");
        }
        statement.execute("insert into legacy.transactions values (" + transaction + ")");
      }
      write(connection, style, entries);
    } catch (SQLException e) {
      journal.rolledBack();
      connection.rollback();
      return;
    }
    if (style >= 92 && style < 97) {
      journal.rolledBack();
      connection.rollback();
    } else if (prepare) {
      prepareAndDecideLater(connection, transaction, entries);
    } else {
      commit(connection, transaction, entries);
    }
  }

  private void write(Connection connection, int style, List<Entry> entries) throws SQLException {
    if (style < 45) {
      one(connection, entries);
    } else if (style < 60) {
      several(connection, entries, 2 + random.nextInt(5));
      pause(40);
    } else if (style < 70) {
      bulk(connection, entries);
    } else if (style < 80) {
      withSavepoints(connection, entries);
    } else if (style < 87) {
      publish(connection, entries);
    } else if (style < 88) {
      one(connection, entries);
      pause(4_000);
      one(connection, entries);
    } else {
      several(connection, entries, 1 + random.nextInt(3));
    }
  }

  private void commit(Connection connection, long transaction, List<Entry> entries)
      throws SQLException {
    try {
      connection.commit();
    } catch (SQLException e) {
      journal.unknown(transaction, entries);
      throw e;
    }
    if (inMemory) {
      journal.committedInMemory(transaction, entries);
    } else {
      journal.committed(entries);
    }
  }

  private void prepareAndDecideLater(Connection connection, long transaction, List<Entry> entries)
      throws SQLException {
    journal.unknown(transaction, entries);
    String name = "'torture-" + transaction + "'";
    try (Statement statement = connection.createStatement()) {
      statement.execute("prepare transaction " + name);
    }
    pause(500);
    connection.setAutoCommit(true);
    try (Statement statement = connection.createStatement()) {
      statement.execute((random.nextInt(4) == 0 ? "rollback" : "commit") + " prepared " + name);
    } finally {
      connection.setAutoCommit(false);
    }
  }

  private void several(Connection connection, List<Entry> entries, int count) throws SQLException {
    for (int i = 0; i < count; i++) {
      one(connection, entries);
    }
  }

  private void withSavepoints(Connection connection, List<Entry> entries) throws SQLException {
    one(connection, entries);
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      int before = entries.size();
      Savepoint savepoint = connection.setSavepoint();
      several(connection, entries, 1 + random.nextInt(2));
      if (random.nextBoolean()) {
        connection.rollback(savepoint);
        entries.subList(before, entries.size()).clear();
      } else {
        connection.releaseSavepoint(savepoint);
      }
    }
    one(connection, entries);
  }

  private void one(Connection connection, List<Entry> entries) throws SQLException {
    String table = Legacy.TABLES.get(random.nextInt(Legacy.TABLES.size()));
    int key = 1 + random.nextInt(Legacy.KEYS);
    int dice = random.nextInt(100);
    if (dice < 50) {
      run(connection, entries, table, false, update(table) + "where id = " + key);
    } else if (dice < 75) {
      run(
          connection,
          entries,
          table,
          false,
          Legacy.insert(table)
              + "from (values ("
              + key
              + ")) v(i) on conflict "
              + Legacy.primaryKey(table)
              + " do update set mark = legacy.next_mark(), note = 'again'");
    } else if (dice < 90) {
      run(connection, entries, table, true, "delete from legacy." + table + " where id = " + key);
    } else {
      moveKey(connection, entries, table, key);
    }
  }

  /** A row whose key changes is told as a deletion of the old key and a new row of the new one. */
  private void moveKey(Connection connection, List<Entry> entries, String table, int from)
      throws SQLException {
    int to = 1 + random.nextInt(Legacy.KEYS);
    String region = table.equals("accounts") ? ", region = 'r' || " + to + " % 3" : "";
    try (Statement statement = connection.createStatement();
        ResultSet rows =
            statement.executeQuery(
                "with before as (select id, mark from legacy.%1$s where id = %2$d for update)"
                        .formatted(table, from)
                    + " update legacy.%1$s t set id = %2$d%3$s, mark = legacy.next_mark()"
                        .formatted(table, to, region)
                    + " from before where t.id = before.id returning t.mark, before.mark")) {
      while (rows.next()) {
        entries.add(new Entry(table, Legacy.written(rows.getLong(1))));
        if (from != to) {
          entries.add(new Entry(table, Legacy.deleted(rows.getLong(2))));
        }
      }
    }
  }

  private void bulk(Connection connection, List<Entry> entries) throws SQLException {
    String table = Legacy.TABLES.get(random.nextInt(Legacy.TABLES.size()));
    int from = 1 + random.nextInt(Legacy.KEYS);
    int to = from + 20 + random.nextInt(180);
    String range = "where id between " + from + " and " + Math.min(to, Legacy.KEYS);
    int dice = random.nextInt(10);
    if (dice < 5) {
      run(connection, entries, table, false, update(table) + range);
    } else if (dice < 9) {
      run(
          connection,
          entries,
          table,
          false,
          Legacy.insert(table)
              + "from generate_series("
              + from
              + ", "
              + Math.min(to, Legacy.KEYS)
              + ") v(i) on conflict do nothing");
    } else {
      run(connection, entries, table, true, "delete from legacy." + table + " " + range);
    }
  }

  private void publish(Connection connection, List<Entry> entries) throws SQLException {
    for (int i = 1 + random.nextInt(3); i > 0; i--) {
      try (PreparedStatement select =
          connection.prepareStatement(
              "select mark, outbox.publish('notices', json_build_object('mark', mark, 'n', ?::int), ?)"
                  + " from (select legacy.next_mark() as mark) m")) {
        select.setInt(1, ++published);
        select.setString(2, "writer " + number);
        try (ResultSet rows = select.executeQuery()) {
          rows.next();
          entries.add(new Entry(Legacy.PUBLISHED, Legacy.written(rows.getLong(1))));
        }
      }
    }
  }

  private String update(String table) {
    return "update legacy."
        + table
        + " set mark = legacy.next_mark(), amount = amount + 0.10, note = 'writer "
        + number
        + "' ";
  }

  private void run(
      Connection connection, List<Entry> entries, String table, boolean deletes, String sql)
      throws SQLException {
    try (Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery(sql + " returning mark")) {
      while (rows.next()) {
        long mark = rows.getLong(1);
        entries.add(new Entry(table, deletes ? Legacy.deleted(mark) : Legacy.written(mark)));
      }
    }
  }

  private void pause(int atMostMillis) {
    stop.await(Duration.ofMillis(random.nextInt(atMostMillis)));
  }
}
