// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the doctor tells to do, done: the capture is as it was asked for again. */
final class RemedyTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  @BeforeEach
  void prepare() throws SQLException {
    outbox.execute("create table t (id int, line int, v int, primary key (id, line))");
  }

  private static List<String> findings() throws SQLException {
    return outbox.query(
        "select concat_ws(' | ', severity, check_name, object, finding) from outbox.doctor()");
  }

  @Test
  void keyThatLostAColumn_isCapturedWithTheKeyThereIs() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', include_old => false)",
        "alter table t drop column line",
        "insert into t values (1, 1)");
    assertEquals(
        List.of(
            "error | capture out of step | public.t | public.t has lost a column of its key"
                + " {id,line}: messages have another order"),
        findings());
    outbox.execute("alter table t add primary key (id)");
    outbox.mend();
    outbox.execute("update t set v = 2");
    assertEquals(List.of("insert [1]", "update 1"), outbox.changes());
    assertEquals(List.of("f"), outbox.query("select include_old from outbox.capture_list"));
  }

  @Test
  void keyThatIsGone_whereThePrimaryKeyIsLeftOut_isCapturedWithoutAKey() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', key => '{v}', except_columns => '{id}')",
        "alter table t drop column v");
    assertEquals(List.of("error | capture out of step | public.t"), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t values (1, 2)");
    assertEquals(List.of("insert - - {\"line\":2}"), outbox.messages());
  }

  @Test
  void keyThatGotTheNameOfALeftOutColumn_isCapturedWithoutIt() throws SQLException {
    String[][] changes = {
      {"alter table t rename line to x", "insert into t (id, line, x) values (1, 2, 3)", "-", "1"},
      {"alter table t drop line", "insert into t (id, line) values (1, 2)", "-", "1"},
      {
        "alter table t drop line; alter table t add primary key (id)",
        "insert into t (id, line) values (1, 2)",
        "1",
        "1"
      },
    };
    for (String[] c : changes) {
      outbox.execute(
          "delete from outbox.message",
          "drop table t",
          "create table t (id int, line int, v int, primary key (id, line))",
          "select outbox.capture('t', 'crm', key => '{v}', except_columns => '{line}')",
          c[0],
          "alter table t rename v to line");
      outbox.mend();
      outbox.execute(c[1]);
      assertEquals(List.of("insert " + c[2] + " - {\"id\":" + c[3] + "}"), outbox.messages(), c[0]);
    }
  }

  @Test
  void conditionWhoseColumnIsGone_isAskedFor() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', operations => '{insert,truncate}',"
            + " condition => 'new.v > 1')",
        "alter table t drop column v cascade");
    assertEquals(List.of("error | trigger missing | public.t"), outbox.findings());
    String remedy = outbox.remedies().get(0);
    assertTrue(remedy.startsWith("Write the condition 'new.v > 1' with the present"), remedy);
    String statement = remedy.substring(remedy.indexOf("select outbox"));
    outbox.refuses("22023", statement);
    outbox.execute(
        statement.replace("'...'", "'new.line > 1'"), "insert into t values (1, 1), (1, 2)");
    assertEquals(List.of("insert [1,2]"), outbox.changes());
    assertEquals(List.of(), outbox.findings());
  }

  @Test
  void destinationMadeAnew_hasItsDoorbellRungAfterTheRemedy() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm', columns => '{id,v}')",
        // No guard can hold against a superuser who switches the triggers off.
        "set session_replication_role = replica; delete from outbox.destination where name = 'crm';"
            + " set session_replication_role = origin",
        "insert into outbox.destination (name, uri) values ('crm', 'tcp://localhost:9000')");
    List<String> found = findings();
    assertEquals(1, found.size(), found.toString());
    assertTrue(
        found.get(0).startsWith("warning | capture out of step | public.t | public.t rings"));
    outbox.mend();
    assertEquals(
        List.of("t"),
        outbox.query(
            "select bool_and(t.doorbell = d.doorbell) from outbox_internal.capture_detail t"
                + " join outbox.destination d on d.name = t.destination"));
    assertEquals(List.of("{id,v}"), outbox.query("select columns from outbox.capture_list"));
  }

  /** As after a dump without rows, into which the destinations are entered in another order. */
  @Test
  void destinationsThatChangedPlaces_areBothCapturedAgainByTheRemedies() throws SQLException {
    outbox.execute(
        "select outbox.capture('t', 'crm')",
        "select outbox.capture('t', 'audit')",
        "set session_replication_role = replica;"
            + " create table places as select * from outbox.destination; delete from outbox.destination;"
            + " insert into outbox.destination (id, number, name, uri) overriding system value"
            + " select p.id, n.number, n.name, p.uri from places p join outbox.destination_number n"
            + " on n.name = case p.name when 'crm' then 'audit' else 'crm' end;"
            + " drop table places; set session_replication_role = origin");
    assertEquals(2, findings().size(), findings().toString());
    outbox.mend();
    outbox.execute("insert into t values (1, 1, 1)");
    assertEquals(
        List.of("audit", "crm"),
        outbox.query("select destination from outbox.message order by destination"));
    outbox.execute("select outbox.release('t')");
    assertEquals(0, outbox.count("select count(*) from outbox_internal.capture_detail"));
  }

  @Test
  void castOfSomebodysOwn_isNoLongerRun() throws SQLException {
    outbox.execute(
        "do $$ begin if to_regrole('sec_app') is null then create role sec_app login password"
            + " 'secret'; end if; end $$",
        "create type bomb as (x int)",
        "create function explode(bomb) returns json language sql return '{}'::json",
        "alter function explode(bomb) owner to sec_app",
        "select outbox.capture('t', 'crm')",
        "create cast (bomb as json) with function explode(bomb)",
        "alter table t add column b bomb");
    assertEquals(
        List.of(
            "error | untrusted cast | public.t | column b: public.explode(public.bomb) runs with the"
                + " rights of the owner of this schema"),
        findings());
    outbox.mend();
    assertEquals(0, outbox.count("select count(*) from outbox.capture_list"));
  }

  @Test
  void destinationThatIsDown_isNamedUntilItIsPaused() throws SQLException {
    outbox.execute(
        "insert into outbox.destination_state (destination, down_since, last_error)"
            + " values ('crm', now(), 'connection refused') on conflict (destination)"
            + " do update set down_since = now(), last_error = 'connection refused'");
    List<String> found = findings();
    assertTrue(found.get(0).startsWith("warning | destination down | crm | cannot be reached"));
    assertTrue(found.get(0).endsWith(": connection refused"), found.get(0));
    String remedy = outbox.remedies().get(0);
    assertTrue(remedy.startsWith("Mend the receiver at tcp://localhost:9000"), remedy);
    outbox.execute(remedy.substring(remedy.indexOf("select")));
    assertEquals(
        List.of("destination paused"), outbox.query("select check_name from outbox.doctor()"));
  }
}
