// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.store;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import org.junit.jupiter.api.Test;
import org.postgresql.PGStatement;

final class ParametersTest {
  private static final String IN_SNAPSHOT =
      "select pg_visible_in_snapshot('5'::xid8, ?::pg_snapshot)";

  /** A statement that looks at a thousand rows would convert any other type a thousand times. */
  @Test
  void snapshot_isOfItsOwnTypeAtTheServer() throws Exception {
    try (TestDatabase db = TestDatabase.create();
        Connection c = db.connect();
        PreparedStatement s = c.prepareStatement(IN_SNAPSHOT)) {
      s.unwrap(PGStatement.class).setPrepareThreshold(1);
      new Parameters(s).snapshot("10:10:");
      try (ResultSet r = s.executeQuery()) {
        r.next();
        assertEquals(true, r.getBoolean(1));
      }
      try (ResultSet r =
          c.createStatement()
              .executeQuery(
                  "select parameter_types::text from pg_prepared_statements"
                      + " where statement like '%pg_visible_in_snapshot%'")) {
        r.next();
        assertEquals("{pg_snapshot}", r.getString(1));
      }
    }
  }
}
