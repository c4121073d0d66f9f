// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.outboxrelay.testing.TestDatabase;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;

/** A database in whose language the small letter of I is another one. */
final class LocaleTest {

  @Test
  void operations_haveTheirNamesInATurkishDatabase() throws SQLException {
    try (TestDatabase any = TestDatabase.createEmpty()) {
      assumeTrue(
          any.count("select current_setting('server_version_num')") >= 150000,
          "a database may have a locale of ICU from PostgreSQL 15 on");
    }
    try (TestDatabase db = TestDatabase.createWithLocale("locale_provider icu icu_locale 'tr'")) {
      assertEquals(List.of("\u0131"), db.query("select lower('I')"), "this is what it is about");
      db.execute(
          "insert into outbox.destination (name, uri) values ('CRM-I', 'tcp://localhost:9000')",
          "create table t (\"ID\" int primary key)");
      for (String level : List.of("", ", condition => 'true'")) {
        db.execute(
            "select outbox.capture('t', 'CRM-I', operations => '{INSERT,DELETE}'" + level + ")",
            "insert into t values (1)",
            "delete from t");
      }
      assertEquals(
          List.of("insert 1", "delete 1", "insert 1", "delete 1"),
          db.query("select op || ' ' || key from outbox.message order by id"));
      assertEquals(
          List.of("{insert,delete}"),
          db.query(
              "select array_agg(operation order by operation desc) from outbox_internal.capture_detail"));
    }
  }
}
