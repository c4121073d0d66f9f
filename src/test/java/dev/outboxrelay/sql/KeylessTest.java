// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who captures a table without a primary key hears what becomes of its order. */
final class KeylessTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  @Test
  void capture_withoutAPrimaryKey_saysThatThereIsNoOrder() throws SQLException {
    outbox.execute("create table t (v int)");
    try (Connection c = outbox.connect();
        Statement s = c.createStatement()) {
      s.execute("select outbox.capture('t', 'crm')");
      String notice = s.getWarnings().getMessage();
      assertTrue(notice.contains("has no primary key") && notice.contains("no order"), notice);
    }
  }

  @Test
  void capture_withAKeyOrNoneByIntent_saysNothing() throws SQLException {
    outbox.execute("create table t (v int)", "create table k (id int primary key)");
    try (Connection c = outbox.connect();
        Statement s = c.createStatement()) {
      s.execute("select outbox.capture('t', 'crm', key => '{}')");
      assertNull(s.getWarnings());
      s.execute("select outbox.capture('k', 'crm')");
      assertNull(s.getWarnings());
      assertEquals(2, outbox.count("select count(*) from outbox.capture_list"));
    }
  }
}
