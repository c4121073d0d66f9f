// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.concurrent.TimeoutException;

/**
 * The legacy application's table, captured for one destination. A row's JSON is 300 bytes; the key
 * is one of 1,000 customers, drawn at random.
 */
final class Orders implements Source {
  private static final int KEYS = 1000;

  private static final String COLUMNS =
      " (id bigint primary key, customer integer not null, status text not null, note text not null)";

  /** Rows of one transaction while a backlog is made. */
  private static final int ROWS_A_TRANSACTION = 1000;

  private final BenchDatabase database;
  private final String table;
  private final String destination;
  private final int keys;

  private Orders(BenchDatabase database, String table, String destination, int keys) {
    this.keys = keys;
    this.database = database;
    this.table = table;
    this.destination = destination;
  }

  /** Makes table and destination, paused. */
  static Orders create(BenchDatabase database, String destination, String uri, String ordering)
      throws SQLException {
    return create(database, destination, uri, ordering, KEYS);
  }

  /** A table that is not captured. */
  static Orders uncaptured(BenchDatabase database) throws SQLException {
    String table = "orders_uncaptured";
    database.execute("create table " + table + COLUMNS);
    return new Orders(database, table, "", KEYS);
  }

  /** As {@link #create(BenchDatabase, String, String, String)}, over so many keys. */
  static Orders create(
      BenchDatabase database, String destination, String uri, String ordering, int keys)
      throws SQLException {
    String table = "orders_" + destination;
    database.execute(
        "create table " + table + COLUMNS,
        "insert into outbox.destination (name, uri, ordering, paused) values ('"
            + destination
            + "', '"
            + uri
            + "', '"
            + ordering
            + "', true)",
        "select outbox.capture('" + table + "', '" + destination + "', key => '{customer}')");
    return new Orders(database, table, destination, keys);
  }

  String table() {
    return table;
  }

  String destination() {
    return destination;
  }

  /** The note that makes a row's JSON 300 bytes. */
  private static String note(String id) {
    return "rpad('order ' || " + id + ", 242, 'abcdefghij klmno pqrst uvwxyz ')";
  }

  /** The expression of a random customer, the same in every run. */
  private String customer(String id) {
    return "abs(hashint8(" + id + ")::bigint) % " + keys;
  }

  /** An insert of one row; parameters: id. */
  String insertOne() {
    return "insert into "
        + table
        + " select x.id, "
        + customer("x.id")
        + ", 'paid', "
        + note("x.id")
        + " from (select ?::bigint as id) x";
  }

  /** One client's inserts, a row a transaction; the row's id is the number. */
  Writers.Factory inserts() {
    return connection -> {
      PreparedStatement insert = connection.prepareStatement(insertOne());
      return number -> {
        insert.setLong(1, number);
        insert.executeUpdate();
      };
    };
  }

  /** Empties the table besides, and settles. */
  @Override
  public void owe(int messages) throws SQLException {
    empty();
    insert(messages);
    settle();
  }

  /** Statistics are taken, and no checkpoint is due. */
  void settle() throws SQLException {
    database.execute("vacuum (analyze) outbox.pending", "checkpoint");
  }

  /** Takes all rows out of the table, and all messages out of the outbox. */
  void empty() throws SQLException {
    database.execute("truncate outbox.pending, outbox.parked", "truncate " + table);
  }

  /** Writes rows 1 to {@code rows}, many a transaction. */
  void insert(int rows) throws SQLException {
    database.execute(
        "do $$ begin for i in 0.."
            + (rows - 1) / ROWS_A_TRANSACTION
            + " loop insert into "
            + table
            + " select g, "
            + customer("g")
            + ", 'paid', "
            + note("g")
            + " from generate_series(i * "
            + ROWS_A_TRANSACTION
            + " + 1, least((i + 1) * "
            + ROWS_A_TRANSACTION
            + ", "
            + rows
            + ")) g; commit; end loop; end $$");
  }

  @Override
  public void resume() throws SQLException {
    database.text("select outbox.resume('" + destination + "')::text");
  }

  @Override
  public void pause() throws SQLException, TimeoutException, InterruptedException {
    Pause.run(database, destination);
  }

  @Override
  public long owed() throws SQLException {
    return database.number(
        "select count(*) from outbox.message where destination = '" + destination + "'");
  }
}
