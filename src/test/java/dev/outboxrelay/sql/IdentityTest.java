// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.store.Migrator;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Which database this is, and what a person sees and does where it is a copy. */
final class IdentityTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  /** As after {@code create database … template}. */
  private static final String OTHER_DATABASE =
      "update outbox.identity set database = (select oid from pg_database where datname = 'template1')";

  /** As after a restored dump. */
  private static final String OTHER_SYSTEM =
      "update outbox.identity set system_identifier = system_identifier - 1";

  @BeforeEach
  void unclaimed() throws SQLException {
    outbox.execute("delete from outbox.identity");
  }

  private static final String PUBLISH = "select outbox.publish('crm', '{}')";

  private static List<String> copied() throws SQLException {
    return outbox.query("select outbox.copied()");
  }

  private static final List<String> NO_COPY = java.util.Collections.singletonList(null);

  @Test
  void identity_beforeTheFirstRelay_isOpen() throws SQLException {
    assertEquals(NO_COPY, copied());
    outbox.execute("select outbox_internal.claim()");
    assertEquals(NO_COPY, copied());
    assertEquals(
        List.of("t"),
        outbox.query(
            "select i.system_identifier = c.system_identifier and i.database = d.oid"
                + " from outbox.identity i, pg_control_system() c, pg_database d"
                + " where d.datname = current_database()"));
  }

  @Test
  void identity_onceNoted_isNotTakenByASecondRelay() throws SQLException {
    for (String other : List.of(OTHER_DATABASE, OTHER_SYSTEM)) {
      outbox.execute(
          "delete from outbox.identity",
          "select outbox_internal.claim()",
          other,
          "select outbox_internal.claim()");
      assertTrue(copied().get(0).startsWith("this database is a copy: "), other);
    }
  }

  @Test
  void copy_isShownByStatusAndDoctor_untilItIsAdopted() throws SQLException {
    for (String other : List.of(OTHER_DATABASE, OTHER_SYSTEM)) {
      outbox.execute("delete from outbox.identity", "select outbox_internal.claim()", other);
      String error =
          copied().get(0)
              + "; nothing is sent until select outbox.adopt() (this is the one now)"
              + " or select outbox.release_all() (this is a copy)";
      assertEquals(List.of(error, error), outbox.query("select last_error from outbox.status"));
      String finding = copied().get(0) + ": nothing is sent";
      assertEquals(
          List.of("error copy " + finding),
          outbox.query(
              "select severity || ' ' || check_name || ' ' || finding from outbox.doctor()"));
      assertEquals(List.of("t"), outbox.query("select outbox.adopt()"));
      assertEquals(NO_COPY, copied());
      assertEquals(List.of("f"), outbox.query("select outbox.adopt()"));
      assertEquals(List.of(), outbox.query("select finding from outbox.doctor()"));
    }
  }

  @Test
  void identifier_thatIsNotKnown_isNoSignOfACopy() throws SQLException {
    outbox.execute(
        "select outbox_internal.claim()", "update outbox.identity set system_identifier = null");
    assertEquals(NO_COPY, copied());
    outbox.execute(OTHER_DATABASE);
    assertTrue(copied().get(0).contains("of system (unknown), and this"), copied().get(0));
  }

  @Test
  void identifier_thatMayNotBeRead_isNamedByTheDoctorAndTheRestGoesOn() throws SQLException {
    outbox.execute(
        "drop role if exists no_control",
        "create role no_control superuser",
        "alter function outbox.system_identifier() owner to no_control",
        "alter role no_control nosuperuser",
        "revoke execute on function pg_control_system() from public");
    try {
      outbox.execute("select outbox_internal.claim()");
      assertEquals(
          java.util.Collections.singletonList(null),
          outbox.query("select system_identifier::text from outbox.identity"));
      assertEquals(
          List.of("grant execute on function pg_control_system() to no_control;"),
          outbox.query("select remedy from outbox.doctor() where check_name = 'copy'"));
      outbox.execute(OTHER_DATABASE);
      assertTrue(copied().get(0).startsWith("this database is a copy: "));
    } finally {
      outbox.execute(
          "grant execute on function pg_control_system() to public",
          "alter function outbox.system_identifier() owner to current_user",
          "drop role no_control");
    }
  }

  /** As after a restore that left things out: captured and published writes would fail. */
  @Test
  void function_thatIsGone_isFoundAndItsRemedyBringsItBack() throws Exception {
    outbox.execute("drop function outbox_internal.ring(text, integer)");
    assertThrows(SQLException.class, () -> outbox.query(PUBLISH));
    String remedy =
        outbox
            .query("select remedy from outbox.doctor() where check_name = 'function missing'")
            .get(0);
    String[] parts = remedy.split("; then: ");
    assertEquals("outbox-relay migrate", parts[1]);
    outbox.execute(parts[0]);
    new Migrator(outbox.db().url(), outbox.db().user(), outbox.db().password()).migrate();
    outbox.query(PUBLISH);
    outbox.execute("select outbox.grant_roles()");
    assertEquals(List.of(), outbox.query("select finding from outbox.doctor()"));
  }

  @Test
  void releaseAll_ofACopy_leavesNoTriggerAndNoMessage() throws SQLException {
    outbox.execute(
        "create table a (id int primary key)",
        "create table b (id int primary key) partition by range (id)",
        "create table b1 partition of b for values from (0) to (10)",
        "select outbox.capture('a', 'crm')",
        "select outbox.capture('a', 'audit')",
        "select outbox.capture('b', 'crm')",
        "insert into a values (1)",
        "select outbox_internal.claim()",
        OTHER_DATABASE);
    assertEquals(List.of("2"), outbox.query("select outbox.release_all()"));
    outbox.execute("insert into a values (2)", "insert into b values (2)");
    assertEquals(List.of(), outbox.messages());
    assertEquals(List.of(), outbox.query("select source::text from outbox.capture_list"));
  }

  @Test
  void releaseAll_ofWhatIsNoCopy_isRefused() throws SQLException {
    outbox.execute("select outbox_internal.claim()");
    SQLException refused =
        assertThrows(SQLException.class, () -> outbox.query("select outbox.release_all()"));
    assertTrue(refused.getMessage().contains("this database is no copy"), refused.getMessage());
  }
}
