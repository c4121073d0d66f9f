// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * What a session says of the server that it has reached, in words that any login may ask for and
 * that no pooler changes. When it was started, to the microsecond, tells it from its standbys and
 * from every other server.
 *
 * @param startedAt when the server was started, in seconds since 1970
 * @param database the database's number
 * @param standby whether it follows another server
 * @param readOnly whether this session may not write
 */
record Server(String startedAt, long database, boolean standby, boolean readOnly) {
  private static final String ASK =
      "select extract(epoch from pg_postmaster_start_time())::text,"
          + " (select oid from pg_database where datname = current_database()),"
          + " pg_is_in_recovery(), current_setting('transaction_read_only') = 'on'";

  static Server of(Connection connection) throws SQLException {
    try (Statement s = connection.createStatement();
        ResultSet r = s.executeQuery(ASK)) {
      r.next();
      return new Server(r.getString(1), r.getLong(2), r.getBoolean(3), r.getBoolean(4));
    }
  }

  boolean isSame(Server other) {
    return startedAt.equals(other.startedAt) && database == other.database;
  }
}
