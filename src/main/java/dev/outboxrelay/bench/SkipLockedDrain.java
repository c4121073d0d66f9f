// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.bench;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/** The usual queue: the oldest rows are locked, taken and deleted, a batch a transaction. */
final class SkipLockedDrain {
  private static final String TAKE =
      "with taken as (select destination, id from outbox.pending where destination ="
          + " (select d.number from outbox.destination d where d.name = ?)"
          + " order by id limit 1000 for update skip locked),"
          + " gone as (delete from outbox.pending m using taken t"
          + " where m.destination = t.destination and m.id = t.id"
          + " returning m.id, m.new_row) select id, new_row from gone";

  private final BenchDatabase database;
  private final String destination;

  SkipLockedDrain(BenchDatabase database, String destination) {
    this.database = database;
    this.destination = destination;
  }

  void run(Timeline times) throws SQLException {
    try (Connection c = database.connect();
        Statement settings = c.createStatement();
        PreparedStatement s = c.prepareStatement(TAKE)) {
      settings.execute(
          "set synchronous_commit = off; set enable_seqscan = off; set outbox.relay = on");
      s.setString(1, destination);
      times.start();
      int taken;
      do {
        taken = 0;
        try (ResultSet r = s.executeQuery()) {
          while (r.next()) {
            r.getBytes(2);
            taken++;
          }
        }
        times.add(taken);
      } while (taken > 0);
    }
  }
}
