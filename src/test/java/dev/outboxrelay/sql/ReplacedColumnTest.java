// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** A column that a capture names is gone, and perhaps another has its name. */
final class ReplacedColumnTest {
  @RegisterExtension private static final Outbox outbox = Outbox.sharedOwned();

  private static final String OUT_OF_STEP = "error | capture out of step | public.t";

  private static void capture(String options) throws SQLException {
    outbox.execute(
        "create table t (id int primary key, card text, v int)",
        "select outbox.capture('t', 'crm', " + options + ")");
  }

  @Test
  void excludedColumn_whoseNameAnotherHas_isAnErrorAndStaysExcluded() throws SQLException {
    String swap =
        "alter table t add card_new text; alter table t rename card to card_old;"
            + " alter table t rename card_new to card";
    for (String change :
        List.of(
            swap,
            swap + "; alter table t drop card_old",
            "alter table t drop card; alter table t add card text")) {
      capture("except_columns => '{card}'");
      outbox.execute(change);
      assertEquals(List.of(OUT_OF_STEP), outbox.findings(), change);
      String finding = outbox.query("select finding from outbox.doctor()").get(0);
      assertTrue(finding.contains("column card"), finding);
      outbox.mend();
      outbox.execute("insert into t (id, v, card) values (1, 2, 'hidden')");
      assertEquals(List.of("insert 1 - {\"id\":1,\"v\":2}"), outbox.messages(), change);
      outbox.execute("drop table t", "delete from outbox.message");
    }
  }

  @Test
  void chosenColumns_thatAreAllGone_areAPersonsToDecide() throws SQLException {
    capture("columns => '{v}'");
    outbox.execute("alter table t drop v");
    assertEquals(List.of(OUT_OF_STEP), outbox.findings());
    String remedy = outbox.remedies().get(0);
    assertTrue(remedy.startsWith("Choose the columns to send, {v} is gone"), remedy);
    outbox.execute(
        remedy
            .substring(remedy.indexOf("select outbox"))
            .replace("columns => '...'", "columns => '{card}'"));
    assertEquals(List.of(), outbox.findings());
    assertEquals(List.of("{card}"), outbox.query("select columns from outbox.capture_list"));
  }

  @Test
  void chosenColumn_thatCameBack_isChosenAgain() throws SQLException {
    capture("columns => '{v}'");
    outbox.execute("alter table t drop v", "alter table t add v bigint");
    assertEquals(List.of(OUT_OF_STEP), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t (id, v) values (1, 2)");
    assertEquals(List.of("insert 1 - {\"v\":2}"), outbox.messages());
  }

  @Test
  void keyColumn_thatCameBack_isTheKeyAgain() throws SQLException {
    capture("key => '{v}'");
    outbox.execute("alter table t drop v", "alter table t add v bigint");
    assertEquals(List.of(OUT_OF_STEP), outbox.findings());
    outbox.mend();
    outbox.execute("insert into t (id, v) values (1, 2)");
    assertEquals(List.of("insert 2"), outbox.changes());
  }

  /** The remedy must not make a key of what is to be left out. */
  @Test
  void keyColumn_whoseNameTheExcludedOneGot_isGone() throws SQLException {
    capture("key => '{v}', except_columns => '{card}'");
    outbox.execute(
        "alter table t drop v",
        "alter table t rename card to v",
        "insert into t (id, v) values (1, 'hidden')");
    outbox.mend();
    outbox.execute("insert into t (id, v) values (2, 'hidden')");
    assertEquals(List.of("insert - - {\"id\":1}", "insert 2 - {\"id\":2}"), outbox.messages());
  }

  private static final String WARNED = "warning | capture out of step | public.t";

  @Test
  void excludedColumn_dropped_staysExcludedAfterTheRemedyAndWhenItComesBack() throws SQLException {
    for (String level : List.of("", ", condition => 'true'")) {
      capture("except_columns => '{card}'" + level);
      outbox.execute("alter table t drop card");
      assertEquals(List.of(WARNED), outbox.findings());
      outbox.mend();
      assertEquals(
          List.of("{card}"), outbox.query("select except_columns from outbox.capture_list"));
      outbox.execute(
          "alter table t add card text", "insert into t (id, v, card) values (1, 2, 'hidden')");
      assertEquals(List.of(OUT_OF_STEP), outbox.findings());
      outbox.mend();
      outbox.execute("update t set card = 'hidden too'");
      assertEquals(
          List.of(
              "insert 1 - {\"id\":1,\"v\":2}", "update 1 {\"id\":1,\"v\":2} {\"id\":1,\"v\":2}"),
          outbox.messages());
      outbox.execute("drop table t", "delete from outbox.message");
    }
  }

  /** A column is replaced in steps, and somebody asks the doctor between two of them. */
  @Test
  void excludedColumn_renamed_keepsItsOldNameExcludedAfterTheRemedy() throws SQLException {
    capture("except_columns => '{card}'");
    outbox.execute("alter table t rename card to card_old");
    assertEquals(List.of(WARNED), outbox.findings());
    outbox.mend();
    outbox.execute(
        "alter table t add card text",
        "insert into t (id, v, card, card_old) values (1, 2, 'hidden', 'hidden')");
    assertEquals(List.of("insert 1 - {\"id\":1,\"v\":2}"), outbox.messages());
  }

  /** A child that is captured as its parent is need not have a column that the parent lost. */
  @Test
  void excludedColumn_droppedFromAParent_staysExcludedOfItsChild() throws SQLException {
    capture("except_columns => '{card}'");
    outbox.execute("alter table t drop card", "create table c () inherits (t)");
    String remedy =
        outbox
            .query("select remedy from outbox.doctor() where check_name = 'child not captured'")
            .get(0);
    outbox.execute(remedy, "alter table t add card text", "insert into c values (1, 2, 'hidden')");
    assertEquals(List.of("insert 1 - {\"id\":1,\"v\":2}"), outbox.messages());
  }

  @Test
  void excludedName_withoutItsColumn_isRefusedUnlessTheCaptureKnowsIt() throws SQLException {
    capture("except_columns => '{card}'");
    String typing = "select outbox.capture('t', 'crm', except_columns => '%s')";
    outbox.refuses("42703", typing.formatted("{card,crad}"));
    outbox.execute("alter table t rename card to token");
    // It would store the column from now on.
    outbox.refuses("42703", typing.formatted("{card}"));
    outbox.refuses("42703", typing.formatted("{card}").replace("crm", "audit"));
    outbox.execute(typing.formatted("{token,card}"));
    assertEquals(List.of(), outbox.findings());
  }

  @Test
  void remedyForChosenColumns_doesNotNameAColumnThatGotTheKeysName() throws SQLException {
    outbox.execute(
        "create table t (n int, code text, card text)",
        "select outbox.capture('t', 'crm', key => '{code}', columns => '{n}')",
        "alter table t drop code",
        "alter table t rename card to code");
    outbox.mend();
    outbox.execute("insert into t values (1, 'hidden')");
    assertEquals(List.of("insert - - {\"n\":1}"), outbox.messages());
  }
}
