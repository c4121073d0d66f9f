// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.Statement;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A file that destinations and captures are made by. */
final class ApplyCommandTest {
  @RegisterExtension static final OperatorDatabase outbox = new OperatorDatabase();

  private static final String SHOP =
      """
      destinations:
        shop:
          uri: tcp://localhost:9002
          max_attempts: 20
          keep_delivered: 2 days
        crm:
          retry_max: 600s
      captures:
        - table: orders
          destination: shop
          except_columns: [card]
          condition: new.status = 'paid'
        - table: public.orders
          destination: crm
          operations: [delete, insert]
          key: []
      """;

  @TempDir Path folder;

  @BeforeEach
  void ordersTable() throws Exception {
    outbox.execute("create table orders (id int primary key, status text, card text)");
  }

  private String file(String text) throws Exception {
    return Files.writeString(folder.resolve("outbox.yaml"), text).toString();
  }

  private CommandRun apply(String text, String... flags) throws Exception {
    return outbox.run(Commands.words("apply -f " + file(text), flags));
  }

  private static List<String> triggers() throws Exception {
    return outbox.query("select trigger_oid from outbox_internal.capture_detail order by 1");
  }

  @Test
  void file_applied_isSoAndAgainChangesNothing() throws Exception {
    CommandRun first = apply(SHOP, "--yes");
    assertEquals(ExitCode.OK, first.exitCode(), first.err());
    assertTrue(first.out().contains("+ destination shop"), first.out());
    assertTrue(first.out().contains("~ destination crm"), first.out());
    assertTrue(first.out().contains("    retry_max was 5m, is 10m"), first.out());
    assertTrue(first.out().contains("+ capture public.orders for shop"), first.out());
    assertTrue(first.out().contains("left alone: destination audit"), first.out());
    assertEquals(
        List.of("crm {delete,insert} {} ", "shop {delete,insert,update} {id} {card}"),
        outbox.query(
            "select concat_ws(' ', destination, operations, key, coalesce(except_columns::text, ''))"
                + " from outbox.capture_list order by destination"));
    assertEquals(
        List.of("20 2 days"),
        outbox.query(
            "select max_attempts || ' ' || keep_delivered from outbox.destination"
                + " where name = 'shop'"));
    List<String> triggers = triggers();
    CommandRun again = apply(SHOP, "--yes");
    assertEquals(ExitCode.OK, again.exitCode(), again.err());
    assertTrue(again.out().contains("nothing was changed"), again.out());
    assertEquals(triggers, triggers());
    assertEquals(ExitCode.OK, apply(SHOP, "--dry-run").exitCode());
  }

  /** As a lock of the table would hold up its writers each time. */
  @Test
  void file_thatIsSoAlready_locksNoTable() throws Exception {
    apply(SHOP, "--yes");
    try (Connection writer = outbox.db().connect();
        Statement s = writer.createStatement()) {
      writer.setAutoCommit(false);
      s.execute("insert into orders values (1)");
      assertEquals(ExitCode.OK, apply(SHOP, "--yes").exitCode());
    }
  }

  @Test
  void capture_whileTheTableIsWritten_isExitCode8AndTheNextTimeDone() throws Exception {
    try (Connection writer = outbox.db().connect();
        Statement s = writer.createStatement()) {
      writer.setAutoCommit(false);
      s.execute("insert into orders values (1)");
      CommandRun run = apply(SHOP, "--yes");
      assertEquals(ExitCode.REFUSED, run.exitCode(), run.out());
      assertTrue(run.err().contains("try again"), run.err());
    }
    assertEquals(ExitCode.OK, apply(SHOP, "--yes").exitCode());
    assertEquals(2, outbox.count("select count(*) from outbox.capture_list"));
  }

  @Test
  void dryRun_showsTheDifferencesAndChangesNothing() throws Exception {
    CommandRun run = apply(SHOP, "--dry-run", "--json");
    assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
    JsonNode json = new ObjectMapper().readTree(run.out());
    assertEquals(4, json.get("changes").size());
    assertEquals("shop", json.get("changes").get(0).get("object").asText());
    assertTrue(json.get("changes").get(0).get("new").asBoolean());
    assertFalse(json.get("applied").asBoolean());
    assertEquals(2, outbox.count("select count(*) from outbox.destination"));
    assertEquals(List.of(), triggers());
  }

  @Test
  void withoutYes_andNobodyToAsk_changesNothing() throws Exception {
    CommandRun run = apply(SHOP);
    assertEquals(ExitCode.USAGE, run.exitCode());
    assertTrue(run.err().contains("--yes"), run.err());
    assertTrue(run.out().contains("+ destination shop"), run.out());
    assertEquals(List.of(), triggers());
  }

  @Test
  void change_ofACondition_isShownAndOfItsSpellingIsNot() throws Exception {
    apply(SHOP, "--yes");
    CommandRun spelling =
        apply(SHOP.replace("new.status = 'paid'", "(new.status) =  'paid'::text"), "--dry-run");
    assertEquals(ExitCode.OK, spelling.exitCode(), spelling.out());
    CommandRun change = apply(SHOP.replace("'paid'", "'open'"), "--yes");
    assertTrue(change.out().contains("~ capture public.orders for shop"), change.out());
    assertTrue(
        outbox
            .query("select condition from outbox.capture_list where destination = 'shop'")
            .get(0)
            .contains("open"));
  }

  @Test
  void settings_thatTheFileLeavesOut_stayAsTheyAre() throws Exception {
    outbox.execute("select outbox.pause('crm')");
    apply("destinations: {crm: {max_attempts: 3}}", "--yes");
    assertEquals(
        List.of("true 3"),
        outbox.query(
            "select paused || ' ' || max_attempts from outbox.destination where name = 'crm'"));
  }

  @Test
  void nonsense_changesNothingAndIsOneLine() throws Exception {
    for (String text :
        List.of(
            "destinations: {crm: {max_atempts: 3}}",
            "destinations: {crm: {max_attempts: -1}}",
            "destinations: {crm: {retry_max: soon}}",
            "destinations: {new: {}}",
            "captures: [{table: nowhere, destination: crm}]",
            "captures: [{table: orders, destination: nobody}]",
            "captures: [{table: orders, destination: crm, columns: [gone]}]")) {
      CommandRun run = apply("destinations: {audit: {max_attempts: 3}}\n", "--dry-run");
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
      run = apply(text, "--yes");
      assertEquals(ExitCode.USAGE, run.exitCode(), text + run.err());
      assertEquals(1, run.err().lines().count(), run.err());
    }
    assertEquals(List.of(), triggers());
  }

  /** Who owns the table and is an operator may; who does not own it may not, as in SQL. */
  @Test
  void rights_areThoseOfTheSql() throws Exception {
    String clerk = "clerk_" + outbox.db().name();
    outbox.execute(
        "create role " + clerk + " login in role outbox_operator",
        "grant usage on schema public to " + clerk);
    try {
      String file = file(SHOP);
      CommandRun run = CommandRun.of(outbox.variables(clerk), "apply", "-f", file, "--yes");
      assertEquals(ExitCode.REFUSED, run.exitCode(), run.out() + run.err());
      assertEquals(2, outbox.count("select count(*) from outbox.destination"));
      outbox.execute("alter table orders owner to " + clerk);
      run = CommandRun.of(outbox.variables(clerk), "apply", "-f", file, "--yes");
      assertEquals(ExitCode.OK, run.exitCode(), run.err());
    } finally {
      outbox.execute("drop table orders", "drop owned by " + clerk, "drop role " + clerk);
    }
  }
}
