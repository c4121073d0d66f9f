// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Who owns the schema, its functions and a captured table, and what each owner then lacks. */
final class OwnerTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @BeforeEach
  void roles() throws SQLException {
    for (String role : List.of("owner_old", "owner_new")) {
      outbox.execute(
          "do $$ begin if to_regrole('%1$s') is null then create role %1$s; end if; end $$"
              .formatted(role));
    }
  }

  /** The statement that docs/understand/security.md gives. */
  private static void moveTo(String owner) throws Exception {
    String page = Files.readString(Path.of("docs/understand/security.md"));
    int start = page.indexOf("do $$");
    outbox.execute(
        page.substring(start, page.indexOf("$$;", start) + 2).replace("outbox_owner", owner));
  }

  @Test
  void schemaMovedAlone_failsWrites_isFoundAndItsRemedyMendsIt() throws Exception {
    moveTo("owner_old");
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "alter schema outbox owner to owner_new");
    outbox.refuses("42501", "insert into t values (1)");
    assertEquals(List.of("error | owner's rights | owner_old"), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t values (1)");
    outbox.query("select outbox.publish('crm', '{}')");
    assertEquals(2, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void internalSchemaMovedAlone_isFoundAndItsRemedyMendsIt() throws Exception {
    moveTo("owner_old");
    outbox.execute(
        "create table t (id int primary key, v int)",
        "select outbox.capture('t', 'crm', columns => '{v}')",
        "alter schema outbox_internal owner to owner_new");
    outbox.refuses("42501", "insert into t values (1)");
    assertEquals(List.of("error | owner's rights | owner_old"), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t values (1)");
    assertEquals(List.of("insert 1"), outbox.changes());
    outbox.execute("alter schema outbox_internal owner to owner_old");
  }

  @Test
  void schemaMovedWhole_works() throws Exception {
    moveTo("owner_old");
    moveTo("owner_new");
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "insert into t values (1)");
    assertEquals(List.of(), outbox.findings());
    assertEquals(
        List.of("0"),
        outbox.query(
            "select count(*) from pg_class where relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace)"
                + " and relowner <> 'owner_new'::regrole"));
  }

  @Test
  void partitionedTableMoved_refusesPartitions_isFoundAndItsRemedyMendsIt() throws Exception {
    outbox.execute(
        "create table p (id int primary key) partition by range (id)",
        "create table sub partition of p for values from (0) to (10) partition by range (id)",
        "select outbox.capture('p', 'crm')");
    for (String table : List.of("p", "sub")) {
      String add =
          table.equals("p")
              ? "set role owner_part; create table p2 partition of p for values from (10) to (20)"
              : "set role owner_sub; create table p3 partition of sub for values from (0) to (5)";
      String owner = table.equals("p") ? "owner_part" : "owner_sub";
      outbox.execute(
          "do $$ begin if to_regrole('%1$s') is null then create role %1$s; end if; end $$"
              .formatted(owner),
          "alter table " + table + " owner to " + owner);
      outbox.refuses("42501", add);
      assertEquals(List.of("warning | grants | public." + table), outbox.findings());
      outbox.mend();
      outbox.execute(add + "; reset role");
    }
  }

  /** Whichever single object it is: the doctor does not fail, and its remedy mends it. */
  @Test
  void objectMovedAlone_isFoundAndItsRemedyMendsIt() throws Exception {
    moveTo("owner_old");
    outbox.execute("create table t (id int primary key)", "select outbox.capture('t', 'crm')");
    List<String> objects =
        outbox.query(
            "select format('%s %s', case c.relkind when 'v' then 'view' else 'table' end,"
                + " c.oid::regclass) from pg_class c"
                + " where c.relnamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and c.relkind in ('r', 'v')"
                + " union all select format('routine %s', p.oid::regprocedure) from pg_proc p"
                + " where p.pronamespace in ('outbox'::regnamespace, 'outbox_internal'::regnamespace) and p.proname in ('doctor',"
                + " 'capture_row', 'capture_call', 'trigger_arguments', 'needs_row_trigger')");
    assertTrue(objects.size() > 13, objects.toString());
    for (String object : objects) {
      outbox.execute("alter " + object + " owner to owner_new");
      // Nobody but its owner and a superuser may call the doctor when it is what was moved.
      boolean doctor = object.equals("routine outbox.doctor(interval,bigint)");
      try (Connection c = outbox.connect()) {
        Outbox.run(c, doctor ? "reset role" : "set role owner_old");
        List<String> seen =
            Outbox.column(
                c, "select concat_ws(' | ', severity, object, remedy) from outbox.doctor()");
        String name = object.substring(object.indexOf(' ') + 1);
        String remedy = "alter " + object + " owner to owner_old;";
        assertTrue(seen.contains("error | " + name + " | " + remedy), object + ": " + seen);
        Outbox.run(c, "reset role", remedy);
      }
    }
    assertEquals(List.of(), outbox.findings());
    outbox.execute("insert into t values (1)");
    assertEquals(List.of("insert 1"), outbox.changes());
  }

  @Test
  void queueMovedAlone_failsWritesAndSaysWhatElseWasNotLookedAt() throws Exception {
    moveTo("owner_old");
    outbox.execute(
        "create table t (id int primary key)",
        "select outbox.capture('t', 'crm')",
        "alter table outbox.pending owner to owner_new");
    outbox.refuses("42501", "insert into t values (1)");
    assertEquals(
        List.of("error | checks left out | outbox.doctor", "error | owner | outbox.pending"),
        outbox.findings());
    outbox.mend();
    outbox.execute("insert into t values (1)");
    assertEquals(List.of("insert 1"), outbox.changes());
  }

  /** A role whose rights were taken away hears which. */
  @Test
  void roleWithoutItsRights_isToldByTheDoctorItself() throws Exception {
    outbox.execute("revoke select on outbox.pending from outbox_relay");
    try (Connection c = outbox.connect()) {
      Outbox.run(c, "set role outbox_relay");
      assertEquals(
          List.of("error | checks left out | outbox.doctor", "warning | grants | outbox_relay"),
          Outbox.column(
              c, "select concat_ws(' | ', severity, check_name, object) from outbox.doctor()"));
    } finally {
      outbox.mend();
    }
  }
}
