// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Keys that people hold. */
final class HoldKeyTest {
  @RegisterExtension private static final Outbox outbox = Outbox.shared();

  private static List<String> held() throws SQLException {
    return outbox.query(
        "select concat_ws(' ', destination, source = 0, key, held_by = session_user, reason)"
            + " from outbox.held_key order by key");
  }

  @Test
  void key_heldAndReleased_isToldEachTimeOnce() throws SQLException {
    assertEquals(
        List.of("t f"),
        outbox.query(
            "select concat_ws(' ', outbox.hold_key('crm', 'k', reason => 'r'),"
                + " outbox.hold_key('crm', 'k'))"));
    assertEquals(List.of("crm t k t r"), held());
    assertEquals(List.of("t"), outbox.query("select outbox.release_key('crm', 'k')"));
    assertEquals(List.of("f"), outbox.query("select outbox.release_key('crm', 'k')"));
    assertEquals(List.of(), held());
  }

  @Test
  void key_ofATable_isReleasedByTheTableOrByTheKeyAlone() throws SQLException {
    outbox.execute(
        "create table t (id int primary key)",
        "create table other (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "select outbox.capture('other', 'crm')",
        "select outbox.hold_key('crm', '1', 't')",
        "select outbox.release_key('crm', '1', 'other')");
    assertEquals(List.of("crm f 1 t"), held());
    outbox.execute("select outbox.release_key('crm', '1', 't')");
    assertEquals(List.of(), held());
    outbox.execute(
        "select outbox.hold_key('crm', '1', 't')",
        "select outbox.hold_key('crm', '1')",
        "select outbox.release_key('crm', '1')");
    assertEquals(List.of(), held());
  }

  @Test
  void key_thatCannotBeHeld_isRefused() throws SQLException {
    outbox.execute("create table never (id int primary key)");
    outbox.refuses("42704", "select outbox.hold_key('nobody', 'k')");
    outbox.refuses("22004", "select outbox.hold_key('crm', null)");
    outbox.refuses("22023", "select outbox.hold_key('crm', 'k', 'never')");
    outbox.execute("update outbox.destination set ordering = 'none'");
    outbox.refuses("0A000", "select outbox.hold_key('crm', 'k')");
  }

  @Test
  void explain_ofAMessageWhoseKeyIsHeld_saysByWhomAndHowToRelease() throws SQLException {
    outbox.execute(
        "select outbox.publish('crm', '{}', repeat('k', 300))",
        "select outbox.hold_key('crm', repeat('k', 300), reason => 'wrong price')");
    assertEquals(
        List.of("key held | t | t"),
        outbox.query(
            "select concat_ws(' | ', e.reason, e.explanation = session_user || ' holds its key: wrong"
                + " price', e.remedy = format('select outbox.release_key(%L, %L);', 'crm', m.key))"
                + " from outbox.message m, outbox.explain(m.id) e where e.reason like 'key%'"));
    outbox.execute("select outbox.release_key('crm', repeat('k', 300))");
    assertEquals(
        0,
        outbox.count(
            "select count(*) from outbox.message m, outbox.explain(m.id) e"
                + " where e.reason = 'key held'"));
  }
}
