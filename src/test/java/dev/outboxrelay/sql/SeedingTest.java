// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Writes to captured tables without messages: {@code outbox.start_seeding}. */
final class SeedingTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static final String KEYS = "select key from outbox.message order by id";

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm', operations => '{insert,update,delete,truncate}')",
        "create role seeding_test_loaders",
        "create role seeding_test_login",
        "grant insert, truncate on t to seeding_test_login");
  }

  @AfterEach
  void tidy() throws SQLException {
    outbox.execute(
        "select outbox.stop_seeding()",
        "drop owned by seeding_test_login, seeding_test_loaders",
        "drop role seeding_test_login, seeding_test_loaders");
  }

  private static void insert(int id, String capture) throws SQLException {
    outbox.execute(
        "set session authorization seeding_test_login; set outbox.capture = "
            + capture
            + "; insert into t values ("
            + id
            + ")");
  }

  @Test
  void setting_whileNobodySeeds_isIgnored() throws SQLException {
    outbox.execute("grant seeding_test_loaders to seeding_test_login");
    insert(1, "off");
    assertEquals(List.of("1"), outbox.query(KEYS));
    assertEquals(List.of("f"), outbox.query("select outbox.stop_seeding()"));
  }

  @Test
  void setting_ofAMember_leavesItsChangesOutAndNothingElse() throws SQLException {
    outbox.execute("grant seeding_test_loaders to seeding_test_login");
    assertEquals(List.of("t"), outbox.query("select outbox.start_seeding('seeding_test_loaders')"));
    assertEquals(List.of("f"), outbox.query("select outbox.start_seeding('seeding_test_loaders')"));
    insert(1, "off");
    insert(2, "on");
    insert(3, "nonsense");
    insert(4, "'FALSE'");
    outbox.execute("set outbox.capture = off; select outbox.publish('crm', '{}', 'published')");
    assertEquals(List.of("2", "3", "published"), outbox.query(KEYS));
    assertEquals(
        List.of("info | seeding | outbox.pending"),
        outbox.findings().stream().filter(f -> f.contains("seeding")).toList());
    assertEquals(List.of("t"), outbox.query("select outbox.stop_seeding()"));
    insert(5, "off");
    assertEquals(List.of("2", "3", "published", "5"), outbox.query(KEYS));
  }

  @Test
  void setting_ofAStranger_isIgnored() throws SQLException {
    outbox.execute("select outbox.start_seeding('seeding_test_loaders')");
    insert(1, "off");
    assertEquals(List.of("1"), outbox.query(KEYS));
  }

  @Test
  void requeue_inASessionThatSeeds_losesNothing() throws SQLException {
    outbox.execute(
        "insert into t values (1)",
        "update outbox.message set state = 'failed'",
        "select outbox.start_seeding('seeding_test_loaders')",
        "set outbox.capture = off; select outbox.requeue_failed()");
    assertEquals(List.of("1"), outbox.query(KEYS));
  }
}
