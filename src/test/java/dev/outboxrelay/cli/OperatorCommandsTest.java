// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.cli;

import static java.util.Map.entry;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.testing.TestDatabase;
import java.sql.Connection;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What each command of a person does to a database, prints and ends with. */
final class OperatorCommandsTest {
  @RegisterExtension static final OperatorDatabase outbox = new OperatorDatabase();

  private static final ObjectMapper JSON = new ObjectMapper();

  private static String ok(String... args) {
    CommandRun run = outbox.run(args);
    assertEquals(ExitCode.OK, run.exitCode(), run.err());
    return run.out();
  }

  private static JsonNode json(String... args) throws Exception {
    return JSON.readTree(ok(args));
  }

  private static String fails(int exitCode, String... args) {
    CommandRun run = outbox.run(args);
    assertEquals(exitCode, run.exitCode(), run.out() + run.err());
    assertEquals(1, run.err().lines().count(), run.err());
    return run.err();
  }

  // status

  @Test
  void status_ofDestinations_showsWhatIsOwedAndWhatIsWrong() throws Exception {
    outbox.failed("crm", "17", "no");
    outbox.execute(
        "select outbox.publish('crm', '{}')",
        "select outbox.pause('audit')",
        "insert into outbox.destination_state (destination, down_since, last_error)"
            + " values ('crm', '2026-11-22 06:05:00Z', E'refused\\x1b[2J')");
    List<String> lines = ok("status").lines().toList();
    assertTrue(lines.get(0).startsWith("DESTINATION  STATE"), lines.toString());
    assertTrue(lines.get(1).matches("audit +paused +0 +0 +0 +0 +- +- +- +- +0 +-"), lines.get(1));
    assertTrue(
        lines.get(2).matches("crm +down since 2026-11-22T06:05:00Z +1 +0 +0 +1 .*\\[2J"),
        lines.get(2));
    assertFalse(String.join("", lines).contains("\u001b"), lines.toString());
    JsonNode crm = json("status", "crm", "--json").get("destinations").get(0);
    assertEquals(1, crm.get("pending").asInt());
    assertEquals(1, crm.get("failed").asInt());
    assertEquals("2026-11-22T06:05:00Z", crm.get("down_since").asText());
    assertTrue(crm.get("oldest_age_seconds").isNumber(), crm.toString());
  }

  private static void limit() throws Exception {
    outbox.execute(
        "update outbox.destination set max_owed_bytes = 10485760 where name = 'crm'",
        "insert into outbox.owed (destination, messages, bytes, failed, failed_bytes, growth)"
            + " values ('crm', 900, 2621440, 0, 0, 1024)",
        "select outbox.stop_capturing('crm')");
  }

  @Test
  void status_ofAnErrorThatIsOver_saysHowLongAgoItWas() throws Exception {
    try (Connection relay = outbox.db().connect();
        Statement s = relay.createStatement()) {
      s.execute("set application_name = 'outbox-relay'");
      s.execute(
          "select pg_advisory_lock(7021002, doorbell) from outbox.destination where name = 'crm'");
      outbox.execute(
          "insert into outbox.destination_state (destination, epoch, owner, last_error,"
              + " last_error_at) values ('crm', 3, 'relay-1', 'refused',"
              + " now() - interval '2 hours 5 minutes')");
      assertTrue(ok("status", "crm").contains("ok "), ok("status", "crm"));
      assertTrue(ok("status", "crm").contains("2h5m ago: refused"), ok("status", "crm"));
      outbox.execute("update outbox.destination_state set down_since = now()");
      assertFalse(ok("status", "crm").contains("ago"), ok("status", "crm"));
    }
  }

  @Test
  void status_whilePeopleHoldKeys_saysHowMany() throws Exception {
    assertFalse(ok("status").contains("keys held"));
    outbox.execute("select outbox.hold_key('crm', 'k')");
    assertTrue(ok("status").contains("no relay, keys held: 1"), ok("status"));
    outbox.execute("select outbox.release_key('crm', 'k')");
  }

  @Test
  void status_withALimit_showsBytesGrowthAndWhenItIsReached() throws Exception {
    assertFalse(ok("status").contains("LIMIT"));
    limit();
    List<String> lines = ok("status").lines().toList();
    assertTrue(lines.get(0).contains("OWED    GROWTH  LIMIT"), lines.get(0));
    assertTrue(
        lines
            .get(2)
            .matches("crm +no relay, not captured .* 2.5MB  [+]3.5MB/h  10MB in 2h[78]m .*"),
        lines.get(2));
    outbox.execute("update outbox.owed set failed_bytes = 9437184, limit_since = '2026-11-22Z'");
    assertTrue(ok("status").contains("10MB reached 2026-11-22T00:00:00Z"), ok("status"));
  }

  @Test
  void status_onANarrowTerminal_isABlockADestination() throws Exception {
    limit();
    Map<String, String> variables = new java.util.HashMap<>(outbox.variables());
    variables.put("COLUMNS", "60");
    List<String> lines = CommandRun.of(variables, "status").out().lines().toList();
    assertTrue(lines.stream().allMatch(line -> line.length() <= 60), lines.toString());
    assertTrue(lines.contains("crm"), lines.toString());
    assertTrue(lines.contains("  OWED         2.5MB"), lines.toString());
    variables.put("COLUMNS", "200");
    assertEquals(ok("status"), CommandRun.of(variables, "status").out());
  }

  @Test
  void status_ofUnknownDestination_namesThoseThatThereAre() {
    assertTrue(fails(ExitCode.USAGE, "status", "shop").contains("'shop'; there are audit, crm"));
  }

  @Test
  void status_withoutDestinations_saysHowToMakeOne() throws Exception {
    outbox.execute("delete from outbox.destination");
    assertTrue(ok("status").contains("destinations add"));
    assertEquals(0, json("status", "--json").get("destinations").size());
  }

  // disk

  @Test
  void stopAndStartCapturing_changeOrSayThatNothingDid() throws Exception {
    outbox.execute("create table orders (id int primary key)");
    outbox.execute("select outbox.capture('orders', 'crm')");
    assertTrue(ok("stop-capturing", "crm", "--reason", "disk").startsWith("crm: no more"));
    assertFalse(json("stop-capturing", "crm", "--json").get("changed").asBoolean());
    outbox.execute("insert into orders values (1)");
    assertEquals(0, outbox.count("select count(*) from outbox.message"));
    assertEquals(
        List.of("disk"),
        outbox.query("select capture_stopped_for from outbox.status where destination = 'crm'"));
    JsonNode started = json("start-capturing", "crm", "--json");
    assertTrue(started.get("changed").asBoolean());
    assertTrue(started.get("missing_since").isTextual(), started.toString());
    assertTrue(ok("start-capturing", "crm").contains("nothing was changed"));
    outbox.execute("insert into orders values (2)");
    assertEquals(1, outbox.count("select count(*) from outbox.message"));
  }

  @Test
  void stopCapturing_whileATransactionWrites_saysToTryAgainAndIsExitCode8() throws Exception {
    try (Connection writer = outbox.db().connect();
        Statement s = writer.createStatement()) {
      writer.setAutoCommit(false);
      s.execute("select outbox.publish('audit', '{}')");
      assertTrue(fails(ExitCode.REFUSED, "stop-capturing", "crm").contains("Call it again"));
    }
  }

  @Test
  void shed_inSteps_givesUpTheOldestAndKeepsARecord() throws Exception {
    outbox.execute(
        "select outbox.publish('crm', '{}', n::text) from generate_series(1, 12003) n",
        "select outbox.publish('audit', '{}')");
    JsonNode dry = json("shed", "crm", "--messages", "12000", "--dry-run", "--json");
    assertEquals(0, dry.get("shed").asInt());
    assertEquals(12004, outbox.count("select count(*) from outbox.message"));
    assertTrue(ok("shed", "crm", "--messages", "12000", "--reason", "disk").contains("12000 shed"));
    assertEquals(
        List.of("12001", "12002", "12003"),
        outbox.query("select key from outbox.message where destination = 'crm' order by id"));
    assertEquals(3, json("shed", "crm", "--all", "--json").get("shed").asInt());
    assertTrue(ok("shed", "crm", "--all").contains("nothing to shed"));
    assertEquals(1, outbox.count("select count(*) from outbox.message"));
    assertEquals(
        12000, outbox.count("select messages from outbox.shed_record where reason = 'disk'"));
  }

  @Test
  void shed_withoutSayingHowMany_shedsNothing() throws Exception {
    outbox.execute("select outbox.publish('crm', '{}')");
    assertTrue(fails(ExitCode.USAGE, "shed", "crm").contains("--all"));
    fails(ExitCode.USAGE, "shed", "crm", "--all", "--messages", "1");
    fails(ExitCode.USAGE, "shed", "crm", "--messages", "-1");
    fails(ExitCode.USAGE, "shed", "crm", "--messages", "0");
    assertTrue(fails(ExitCode.USAGE, "shed", "shop", "--all").contains("there are audit, crm"));
    assertEquals(1, outbox.count("select count(*) from outbox.message"));
  }

  // failed

  @Test
  void failedList_withFlags_showsThoseThatMatch() throws Exception {
    outbox.execute("create table orders (id int primary key)");
    outbox.execute("select outbox.capture('orders', 'crm')", "insert into orders values (17)");
    outbox.execute("update outbox.message set state = 'failed', last_error = 'No such customer'");
    outbox.failed("crm", "18", "timeout");
    outbox.failed("audit", "17", "timeout");
    assertEquals(List.of("17 crm", "18 crm", "17 audit"), listed());
    assertEquals(List.of("17 crm", "18 crm"), listed("--destination", "crm"));
    assertEquals(List.of("17 crm", "17 audit"), listed("--key", "17"));
    assertEquals(List.of("17 crm"), listed("--table", "orders"));
    assertEquals(List.of("17 crm"), listed("--table", "public.orders", "--error", "such CUSTOMER"));
    assertEquals(List.of(), listed("--error", "%"));
    assertEquals(List.of(), listed("--until", "1h"));
    assertEquals(List.of("17 crm", "18 crm", "17 audit"), listed("--since", "1h"));
    assertEquals(List.of("17 audit"), listed("--limit", "1"));
  }

  /** Key and destination, in the order of ids. */
  private static List<String> listed(String... flags) throws Exception {
    List<String> all = new ArrayList<>();
    List<JsonNode> rows = new ArrayList<>();
    for (String line : ok(Commands.words("failed list --json", flags)).lines().toList()) {
      rows.add(JSON.readTree(line));
    }
    rows.sort(Comparator.comparingInt(OperatorCommandsTest::number));
    rows.forEach(row -> all.add(row.get("key").asText() + " " + row.get("destination").asText()));
    return all;
  }

  private static int number(JsonNode row) {
    return Integer.parseInt(row.get("id").asText().replaceFirst("-.*", ""));
  }

  @Test
  void failedList_moreThanTheLimit_saysSo() throws Exception {
    outbox.failed("crm", "17", "no");
    outbox.failed("crm", "18", "no");
    CommandRun run = outbox.run("failed", "list", "--limit", "1");
    assertEquals(2, run.out().lines().count(), run.out());
    assertTrue(run.err().contains("--limit 0"), run.err());
    assertEquals("", outbox.run("failed", "list", "--limit", "2").err());
  }

  @Test
  void failedList_nothing_saysWhetherAnythingWasAskedFor() {
    assertEquals("nothing was set aside", ok("failed", "list").strip());
    assertEquals("nothing matches", ok("failed", "list", "--key", "1").strip());
    assertEquals("", ok("failed", "list", "--json"));
  }

  @Test
  void failedShow_byEitherId_showsItsRowsExactly() throws Exception {
    long id = outbox.failed("crm", "17", "a\nb");
    String wireId = outbox.wireId(id);
    for (String name : List.of(Long.toString(id), wireId)) {
      String shown = ok("failed", "show", name);
      assertTrue(shown.contains("last_error       a\\nb"), shown);
      assertTrue(shown.contains("new_row          {\"n\":1.10}"), shown);
      assertTrue(ok("failed", "show", name, "--json").contains("\"new_row\":{\"n\":1.10}"));
    }
    fails(ExitCode.FINDINGS, "failed", "show", id + "-0");
    outbox.execute("select outbox.requeue(" + id + ")");
    assertTrue(
        fails(ExitCode.FINDINGS, "failed", "show", wireId).contains("is pending"), "its state");
    assertTrue(fails(ExitCode.FINDINGS, "failed", "show", "999999").contains("never was"));
    assertTrue(fails(ExitCode.USAGE, "failed", "show", "x'y").contains("'x'y'"));
  }

  // requeue and discard

  @Test
  void requeue_byIds_doesThoseThatThereAreAndNamesTheOthers() throws Exception {
    long a = outbox.failed("crm", "17", "no");
    long b = outbox.failed("crm", "18", "no");
    String first = outbox.wireId(a);
    assertEquals("requeued " + first, ok("requeue", first).strip());
    CommandRun run = outbox.run("requeue", Long.toString(b), "999999", "--json");
    assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
    assertEquals(1, JSON.readTree(run.out()).get("requeued").asInt());
    assertEquals("999999", JSON.readTree(run.out()).get("not_found").get(0).asText());
    assertEquals(List.of("pending", "pending"), outbox.states());
  }

  @Test
  void discard_byId_takesTheMessageOff() throws Exception {
    long id = outbox.failed("crm", "17", "no");
    assertEquals("discarded " + id, ok("discard", Long.toString(id)).strip());
    assertEquals(List.of(), outbox.states());
    fails2(ExitCode.FINDINGS, "discard", Long.toString(id));
  }

  private static void fails2(int exitCode, String... args) {
    CommandRun run = outbox.run(args);
    assertEquals(exitCode, run.exitCode(), run.err());
    assertTrue(run.out().startsWith("not discarded"), run.out());
  }

  @ParameterizedTest
  @ValueSource(strings = {"requeue", "discard"})
  void repair_ofAllThatMatch_leavesTheOthersAlone(String command) throws Exception {
    outbox.failed("crm", "17", "no such customer");
    outbox.failed("audit", "17", "no such customer");
    outbox.failed("crm", "18", "timeout");
    outbox.execute("select outbox.publish('crm', '{}', '17')");
    String past = command.equals("requeue") ? "requeued" : "discarded";
    String[] which = {"--destination", "crm", "--error", "customer"};
    assertEquals("1 would be " + past, ok(Commands.words(command + " --dry-run", which)).strip());
    assertEquals(List.of("failed", "failed", "failed", "pending"), outbox.states());
    assertEquals("1 " + past, ok(Commands.words(command, which)).strip());
    assertEquals(
        command.equals("requeue")
            ? List.of("pending", "failed", "failed", "pending")
            : List.of("failed", "failed", "pending"),
        outbox.states());
    assertEquals(
        "nothing matches: nothing was " + past, ok(Commands.words(command, which)).strip());
    JsonNode rest = json(command, "--all", "--json");
    assertEquals(2, rest.get("matching").asInt());
    assertEquals(2, rest.get(past).asInt());
    assertTrue(rest.get("complete").asBoolean());
  }

  /** More than one step, on all destinations. */
  @Test
  void requeue_ofThousands_doesAll() throws Exception {
    outbox.execute(
        "insert into outbox.message (destination, op, key, state)"
            + " select case when g % 2 = 0 then 'crm' else 'audit' end, 'message', g, 'failed'"
            + " from generate_series(1, 2500) g");
    assertEquals("2500 requeued", ok("requeue", "--all").strip());
    assertEquals(2500, outbox.count("select count(*) from outbox.message where state = 'pending'"));
  }

  private static final Map<String, String> NONSENSE =
      Map.ofEntries(
          entry("requeue", "which messages?"),
          entry("discard --all --key 17", "--all and flags"),
          entry("discard 17 --all", "both ids and flags"),
          entry("discard x17", "'x17' is not a message's id"),
          entry("requeue 99999999999999999999", "is not a message's id"),
          entry("requeue --since soon", "'soon' is no time"),
          entry("requeue --since 1h --until 2h", "nothing lies between"),
          entry("requeue --destination shop", "there is no destination 'shop'"),
          entry("failed list --limit -1", "--limit is -1"),
          entry("status --every 1ms", "--every is 1ms"),
          entry("tail --owed --since 1h", "leave out --since"),
          entry("pause", "which destinations?"),
          entry("resume crm --all", "--all and names"),
          entry("pause shop", "there is no destination 'shop'"),
          entry("backfill nowhere crm", "there is no table 'nowhere'"),
          entry("destinations set crm max_attempts", "'max_attempts' is no setting"),
          entry("destinations set crm colour=red", "'colour' is no setting"),
          entry("destinations set crm max-attempts=0", "'0' is no max_attempts"),
          entry("destinations set crm paused=true paused=false", "'paused' is given twice"),
          entry("destinations set crm retry_max=soon", "soon"),
          entry("destinations set crm uri=tcp://1.2.3:9", "is not an IPv4 address"),
          entry("destinations set shop paused=true", "there is no destination 'shop'"),
          entry("destinations add crm tcp://localhost:1", "there is a destination 'crm'"),
          entry("destinations add a/b tcp://localhost:1", "'a/b' is no name"),
          entry("destinations add shop localhost", "'localhost' is no uri"),
          entry("destinations remove shop", "there is no destination 'shop'"),
          entry("destinations test shop", "there is no destination 'shop'"),
          entry("destinations list shop", "there is no destination 'shop'"));

  @Test
  void nonsense_ofEachKind_isOneLineAndExitCode2() throws Exception {
    outbox.failed("crm", "17", "no");
    NONSENSE.forEach(
        (line, words) -> {
          String error = fails(ExitCode.USAGE, line.split(" "));
          assertTrue(error.contains(words), error);
        });
    assertEquals(List.of("failed"), outbox.states());
    assertEquals(2, outbox.count("select count(*) from outbox.destination where not paused"));
  }

  // pause and resume

  @Test
  void pauseAndResume_changeOrSayThatNothingDid() throws Exception {
    assertTrue(ok("pause", "crm").startsWith("crm is paused"));
    assertEquals(
        List.of("audit f", "crm t"),
        outbox.query(
            "select name || ' ' || left(paused::text, 1) from outbox.destination order by 1"));
    assertTrue(ok("pause", "crm").contains("nothing was changed"));
    JsonNode all = json("resume", "--all", "--json").get("destinations");
    assertEquals("{\"name\":\"audit\",\"paused\":false,\"changed\":false}", all.get(0).toString());
    assertEquals("{\"name\":\"crm\",\"paused\":false,\"changed\":true}", all.get(1).toString());
    assertEquals(0, outbox.count("select count(*) from outbox.destination where paused"));
  }

  // destinations

  @Test
  void destinations_madeChangedAndRemoved_areRowsOfTheTable() throws Exception {
    ok(
        "destinations",
        "add",
        "shop",
        "tls://localhost:9443",
        "max-attempts=20",
        "KEEP_DELIVERED=2d",
        "options={\"tls_ca\":\"/etc/ca.pem\"}");
    assertEquals(
        List.of("20 2 days /etc/ca.pem"),
        outbox.query(
            "select concat_ws(' ', max_attempts, keep_delivered, options ->> 'tls_ca')"
                + " from outbox.destination where name = 'shop'"));
    String changed = ok("destinations", "set", "shop", "keep-delivered=", "max_attempts=20");
    assertEquals("shop: keep_delivered was 2d, is -", changed.strip());
    JsonNode change =
        json("destinations", "set", "shop", "retry_max=10m", "--json").get("changed").get(0);
    assertEquals(
        "{\"setting\":\"retry_max\",\"before_seconds\":300,\"after_seconds\":600}",
        change.toString());
    assertTrue(ok("destinations", "set", "shop", "retry_max=10m").contains("nothing was changed"));
    assertTrue(ok("destinations", "set", "shop", "name=store").contains("name was shop, is store"));
    assertTrue(ok("destinations", "list").contains("store"), "listed");
    assertEquals("removed store", ok("destinations", "remove", "store").strip());
    assertEquals(2, json("destinations", "list", "--json").get("destinations").size());
  }

  @Test
  void destinationsList_ofOne_showsEachSetting() throws Exception {
    String shown = ok("destinations", "list", "crm");
    for (String column :
        outbox.query(
            "select column_name from information_schema.columns where table_schema = 'outbox'"
                + " and table_name = 'destination' and is_identity = 'NO'"
                + " and is_generated = 'NEVER' and column_name <> 'number'")) {
      assertTrue(shown.lines().anyMatch(line -> line.startsWith(column + " ")), column);
    }
  }

  @Test
  void destinationsRemove_whileInUse_isRefusedWithTheRemedy() throws Exception {
    outbox.execute("create table orders (id int primary key)");
    outbox.execute("select outbox.capture('orders', 'crm')");
    String refused = fails(ExitCode.REFUSED, "destinations", "remove", "crm");
    assertTrue(refused.contains("select outbox.release('public.orders', 'crm')"), refused);
    assertEquals(2, outbox.count("select count(*) from outbox.destination"));
  }

  // explain

  @Test
  void explain_ofWhatWaitsAndOfWhatIsNotThere_saysWhy() throws Exception {
    outbox.execute("select outbox.publish('crm', '{}')", "select outbox.pause('crm')");
    String id = outbox.query("select id::text from outbox.message").get(0);
    assertTrue(ok("explain", id).contains("crm is paused"), ok("explain", id));
    JsonNode reasons = json("explain", id, "--json").get("reasons");
    assertEquals("paused", reasons.get(0).get("reason").asText());
    assertEquals("select outbox.resume('crm');", reasons.get(0).get("remedy").asText());
    CommandRun none = outbox.run("explain", "999999");
    assertEquals(ExitCode.FINDINGS, none.exitCode(), none.err());
    assertTrue(none.out().contains("delivered, discarded, or never was"), none.out());
    fails(ExitCode.USAGE, "explain", "x1");
  }

  // captures

  @Test
  void captures_ofTables_areShownWithTheirSettings() throws Exception {
    assertEquals("no table is captured", ok("captures").strip());
    outbox.execute(
        "create table orders (id int primary key, note text)",
        "create schema \"My Shop\"",
        "create table \"My Shop\".\"Parcels\" (id int primary key)",
        "select outbox.capture('orders', 'crm', condition => 'new.note is not null')",
        "select outbox.capture('\"My Shop\".\"Parcels\"', 'audit', operations => '{delete}')");
    assertTrue(ok("captures").contains("\"My Shop\".\"Parcels\""), "quoted");
    JsonNode orders = json("captures", "--table", "orders", "--json").get("captures");
    assertEquals(1, orders.size());
    assertEquals("public.orders", orders.get(0).get("source").asText());
    assertEquals("[\"id\"]", orders.get(0).get("key").toString());
    assertEquals(1, json("captures", "--destination", "audit", "--json").get("captures").size());
    outbox.execute("drop schema \"My Shop\" cascade");
  }

  // replay

  @Test
  void replay_ofKeptMessages_writesThemAgainAndSaysHowMany() throws Exception {
    outbox.execute(
        "create table orders (id int primary key, open boolean default true)",
        "select outbox.capture('orders', 'crm')",
        "insert into orders select g, g % 2 = 0 from generate_series(1, 1500) g",
        "update outbox.message set state = 'delivered'");
    assertEquals("1500 messages of crm written again", ok("replay", "crm").strip());
    JsonNode some =
        json(
            "replay",
            "crm",
            "--to",
            "audit",
            "--table",
            "orders",
            "--key",
            "1",
            "--key",
            "2",
            "--since",
            "1h",
            "--condition",
            "new_row ->> 'open' = 'true'",
            "--rate",
            "100",
            "--json");
    assertEquals(1, some.get("messages").asInt());
    assertTrue(some.get("complete").asBoolean());
    assertEquals(
        List.of("2"), outbox.query("select key from outbox.message where destination = 'audit'"));
    assertTrue(fails(ExitCode.USAGE, "replay", "nowhere").contains("nowhere"));
    assertTrue(fails(ExitCode.USAGE, "replay", "crm", "--rate", "-1").contains("--rate is -1"));
  }

  // hold-key, release-key, erase

  @Test
  void holdKey_ofATable_holdsThatKeyUntilReleaseKey() throws Exception {
    outbox.execute(
        "create table orders (id int primary key)", "select outbox.capture('orders', 'crm')");
    assertEquals(
        "crm: key 17 is held; its messages stay owed",
        ok("hold-key", "crm", "17", "--table", "orders", "--reason", "wrong price").strip());
    assertEquals(
        "crm: key 17 was held already",
        ok("hold-key", "crm", "17", "--table", "public.orders").strip());
    JsonNode both = json("hold-key", "crm", "17", "--json");
    assertTrue(both.get("changed").asBoolean(), "of outbox.publish it is another");
    assertEquals("orders", both.get("held").get(0).get("table").asText());
    assertEquals("wrong price", both.get("held").get(0).get("reason").asText());
    assertEquals(2, both.get("held").size());
    assertEquals(
        "crm: key 17 is let go", ok("release-key", "crm", "17", "--table", "orders").strip());
    assertEquals(0, json("release-key", "crm", "17", "--json").get("held").size());
    assertEquals(
        "crm: key 17 was not held: nothing was changed", ok("release-key", "crm", "17").strip());
  }

  @Test
  void holdKey_ofWhatIsNotThere_saysSo() throws Exception {
    outbox.execute("create table strange (id int primary key)");
    assertTrue(fails(ExitCode.USAGE, "hold-key", "nowhere", "17").contains("nowhere"));
    assertTrue(fails(ExitCode.USAGE, "release-key", "nowhere", "17").contains("nowhere"));
    assertTrue(
        fails(ExitCode.USAGE, "hold-key", "crm", "17", "--table", "strange")
            .contains("never captured"));
    outbox.execute("update outbox.destination set ordering = 'none' where name = 'crm'");
    assertTrue(fails(ExitCode.REFUSED, "hold-key", "crm", "17").contains("keeps no order"));
  }

  @Test
  void erase_ofAKey_erasesWhatIsKeptOrSetAsideOfIt() throws Exception {
    outbox.failed("crm", "17", "no");
    outbox.execute(
        "create table orders (id int primary key)",
        "select outbox.capture('orders', 'audit')",
        "insert into orders values (17), (18)",
        "update outbox.message set state = 'delivered' where destination = 'audit'",
        "select outbox.publish('crm', '{}', key => '17')");
    assertTrue(fails(ExitCode.USAGE, "erase", "17").contains("--published"));
    fails(ExitCode.USAGE, "erase", "17", "--table", "orders", "--published");
    assertEquals(
        "messages of key 17 erased: 1", ok("erase", "17", "--table", "public.orders").strip());
    assertEquals(1, json("erase", "17", "--published", "--json").get("messages").asInt());
    assertEquals(
        "nothing of key 17 is kept or set aside: nothing was erased",
        ok("erase", "17", "--published").strip());
    assertEquals(
        List.of("audit 18 delivered", "crm 17 pending"),
        outbox.query(
            "select destination || ' ' || key || ' ' || state from outbox.message order by 1"));
  }

  // backfill

  @Test
  void backfill_ofATable_writesAMessageForEachRow() throws Exception {
    outbox.execute(
        "create table orders (id int primary key, open boolean default true)",
        "insert into orders select g, g % 2 = 0 from generate_series(1, 3000) g",
        "select outbox.capture('orders', 'crm')");
    assertEquals(
        "3000 rows of public.orders written for crm", ok("backfill", "orders", "crm").strip());
    assertEquals(3000, outbox.count("select count(distinct key) from outbox.message"));
    JsonNode some = json("backfill", "public.orders", "crm", "--condition", "open", "--json");
    assertEquals(1500, some.get("rows").asInt());
    assertEquals("complete", some.get("end").asText());
    assertEquals(4500, outbox.count("select count(*) from outbox.message where op = 'read'"));
    String refused = fails(ExitCode.REFUSED, "backfill", "orders", "audit");
    assertTrue(refused.contains("outbox.capture('public.orders', 'audit')"), refused);
  }

  @Test
  void backfill_withLockedRows_endsAfterItsPatienceAndGoesOnLater() throws Exception {
    outbox.execute(
        "create table orders (id int primary key)",
        "insert into orders select generate_series(1, 10)",
        "select outbox.capture('orders', 'crm')");
    try (Connection other = outbox.db().connect();
        Statement s = other.createStatement()) {
      other.setAutoCommit(false);
      s.execute("select from orders where id = 7 for update");
      CommandRun run = outbox.run("backfill", "orders", "crm", "--patience", "50ms");
      assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
      assertTrue(run.out().startsWith("9 rows") && run.out().contains("locked"), run.out());
      other.rollback();
    }
    assertTrue(ok("backfill", "orders", "crm").startsWith("1 rows"));
  }

  // tail

  @Test
  void tail_ofYesterday_showsWhatWasSentForAKey() throws Exception {
    outbox.execute(
        "update outbox.destination set keep_delivered = '2 days' where name = 'crm'",
        "create table orders (id int primary key, secret text)",
        "select outbox.capture('orders', 'crm')",
        "insert into orders values (17, 'of yesterday'), (18, 'other')",
        "update outbox.message set state = 'delivered'");
    String shown = ok("tail", "crm", "--since", "1d", "--key", "17", "--no-follow");
    assertEquals(2, shown.lines().count(), shown);
    assertTrue(shown.contains("public.orders") && shown.contains("insert"), shown);
    assertFalse(shown.contains("yesterday"), shown);
    String rows =
        ok(Commands.words("tail crm --since 1d --table orders --no-follow --payload --json"));
    assertEquals(2, rows.lines().count(), rows);
    assertEquals(
        "of yesterday",
        JSON.readTree(rows.lines().findFirst().orElseThrow()).at("/new_row/secret").asText());
    assertEquals(
        "nothing that is kept matches",
        ok("tail", "crm", "--since", "1d", "--key", "19", "--no-follow").strip());
  }

  @Test
  void tail_ofADestinationThatKeepsNothing_saysSo() {
    CommandRun run = outbox.run("tail", "--no-follow");
    assertEquals(ExitCode.OK, run.exitCode(), run.err());
    assertTrue(run.err().contains("audit, crm cannot be seen"), run.err());
    assertTrue(run.err().contains("keep_delivered="), run.err());
  }

  // doctor and version

  @Test
  void doctor_asJson_hasEachFindingWithItsRemedy() throws Exception {
    CommandRun run = outbox.run("doctor", "--json");
    assertEquals(ExitCode.FINDINGS, run.exitCode(), run.err());
    JsonNode finding = JSON.readTree(run.out()).get("findings").get(0);
    assertEquals("error", finding.get("severity").asText());
    assertEquals("no relay", finding.get("check").asText());
    assertEquals("audit", finding.get("object").asText());
    assertEquals("Start one: outbox-relay run", finding.get("remedy").asText());
  }

  @Test
  void version_isThatOfProgramAndRuntime() throws Exception {
    String java = Runtime.version().toString();
    assertTrue(ok("version").strip().endsWith("Java " + java));
    assertEquals(java, json("version", "--json").get("java").asText());
  }

  // what stands in the way

  @Test
  void database_withoutTheSchema_isExitCode4() throws Exception {
    try (TestDatabase empty = TestDatabase.createEmpty()) {
      for (String line :
          List.of("status", "requeue --all", "destinations list", "captures", "tail")) {
        CommandRun run =
            CommandRun.of(
                Map.of(
                    "OUTBOX_RELAY_DATABASE_URL", empty.url(),
                    "OUTBOX_RELAY_DATABASE_USER", empty.user(),
                    "OUTBOX_RELAY_DATABASE_PASSWORD", empty.password()),
                line.split(" "));
        assertEquals(ExitCode.SCHEMA_MISSING, run.exitCode(), line + run.err());
        assertEquals(1, run.err().lines().count(), run.err());
      }
    }
  }

  @Test
  void server_absent_isExitCode7() {
    CommandRun run =
        CommandRun.of(Map.of(), "status", "--database-url=jdbc:postgresql://localhost:1/shop");
    assertEquals(ExitCode.UNREACHABLE, run.exitCode(), run.err());
    assertTrue(run.err().contains("localhost:1/shop"), run.err());
  }

  @Test
  void login_withoutRights_isExitCode8AndOfAnOperatorIsEnough() throws Exception {
    String suffix = outbox.db().name();
    outbox.failed("crm", "17", "no");
    outbox.failed("crm", "18", "no");
    outbox.execute(
        "create role nobody_" + suffix + " login",
        "create role operator_" + suffix + " login in role outbox_operator");
    try {
      CommandRun refused = CommandRun.of(outbox.variables("nobody_" + suffix), "status");
      assertEquals(ExitCode.REFUSED, refused.exitCode(), refused.err());
      assertTrue(refused.err().contains("grant outbox_operator to nobody_"), refused.err());
      for (String line :
          List.of(
              "status",
              "failed list",
              "requeue --key 17",
              "discard --all",
              "pause crm",
              "resume crm",
              "destinations add shop tcp://localhost:1",
              "destinations set shop paused=true",
              "destinations list shop",
              "destinations remove shop",
              "captures",
              "tail --no-follow")) {
        CommandRun run = CommandRun.of(outbox.variables("operator_" + suffix), line.split(" "));
        assertEquals(ExitCode.OK, run.exitCode(), line + run.err());
      }
      assertEquals(List.of("pending"), outbox.states());
    } finally {
      outbox.execute("drop role nobody_" + suffix, "drop role operator_" + suffix);
    }
  }
}
