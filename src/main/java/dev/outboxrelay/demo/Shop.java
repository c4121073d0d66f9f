// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import java.math.BigDecimal;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;

/**
 * The legacy application: ordinary SQL on its own table, one transaction a change, and not a word
 * about messages.
 */
final class Shop implements AutoCloseable {
  static final String TABLE =
      "create table orders (id integer generated always as identity primary key,"
          + " customer text not null, amount numeric(10, 2) not null,"
          + " status text not null default 'new')";

  private final Connection connection;
  private final Ledger ledger;

  Shop(Connection connection, Ledger ledger) throws SQLException {
    this.connection = connection;
    this.ledger = ledger;
    connection.setAutoCommit(false);
  }

  /** Inserts an order; returns the change. */
  Change order(String customer, String amount) throws SQLException {
    int id = insert(customer, amount);
    return commit(new Change("insert", id, "new"));
  }

  /** Inserts an order and rolls it back. */
  void orderAndRollBack(String customer, String amount) throws SQLException {
    insert(customer, amount);
    connection.rollback();
  }

  /** Gives an order another status. */
  Change update(int id, String status) throws SQLException {
    try (PreparedStatement s =
        connection.prepareStatement("update orders set status = ? where id = ?")) {
      s.setString(1, status);
      s.setInt(2, id);
      s.executeUpdate();
    }
    return commit(new Change("update", id, status));
  }

  /** Deletes an order. */
  Change delete(int id, String lastStatus) throws SQLException {
    try (PreparedStatement s = connection.prepareStatement("delete from orders where id = ?")) {
      s.setInt(1, id);
      s.executeUpdate();
    }
    return commit(new Change("delete", id, lastStatus));
  }

  private int insert(String customer, String amount) throws SQLException {
    try (PreparedStatement s =
        connection.prepareStatement(
            "insert into orders (customer, amount) values (?, ?) returning id")) {
      s.setString(1, customer);
      s.setBigDecimal(2, new BigDecimal(amount));
      try (ResultSet r = s.executeQuery()) {
        r.next();
        return r.getInt(1);
      }
    }
  }

  private Change commit(Change change) throws SQLException {
    ledger.committing(change.text());
    connection.commit();
    return change;
  }

  @Override
  public void close() throws SQLException {
    connection.close();
  }

  /**
   * What was done to an order.
   *
   * @param op {@code insert}, {@code update} or {@code delete}
   * @param id the order's
   * @param status the status after it, or before a delete
   */
  record Change(String op, int id, String status) {
    String text() {
      return op + " " + id + " " + status;
    }
  }
}
